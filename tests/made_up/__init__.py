"""Made-up studies of any size, for tests of what comes after inference."""
