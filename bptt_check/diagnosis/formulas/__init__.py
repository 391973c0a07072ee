"""Closed formulas: each explains what a subject answered, on all of the cases, or not at all."""
