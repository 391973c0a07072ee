"""Recurrences of the field: a plain step, a fast kernel with a backward by hand, broken twins."""
