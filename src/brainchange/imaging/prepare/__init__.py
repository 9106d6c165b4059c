"""Raw BIDS images → a prepared run, as a derivative with fMRIPrep's names."""
