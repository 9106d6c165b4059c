"""A participant as the scanner recorded it: raw images with known truth."""
