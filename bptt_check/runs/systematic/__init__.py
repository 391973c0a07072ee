"""Errors below the rounding of an entry: what averages out over cases, and what does not."""
