"""Pictures to one page."""
