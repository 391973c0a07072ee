"""NumPy code that is differentiated and rounded as it runs: arrays of ours, which record it."""
