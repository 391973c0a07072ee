"""Several runs: as one, beside each other, one after the other."""
