"""Numbers to effects."""
