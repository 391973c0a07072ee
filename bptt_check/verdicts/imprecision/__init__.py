"""Right formulas whose numbers are not: which arithmetic, or which accuracy, explains errors."""
