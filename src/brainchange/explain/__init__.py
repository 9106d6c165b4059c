"""The chain behind one verdict: from the claim down to the files and the dataset."""
