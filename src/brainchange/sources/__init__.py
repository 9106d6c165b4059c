"""Which files: locks, fetching, BIDS names."""
