"""Recurrences of published papers: a plain step, a fast version with its backward, broken twins."""
