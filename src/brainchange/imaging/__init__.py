"""Images to signals."""
