"""Effects to pictures."""
