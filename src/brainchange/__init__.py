"""Judge with open data whether therapy changes the brain in the way popular articles say."""
