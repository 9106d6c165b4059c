"""A study with known truth, written as if it had been published."""
