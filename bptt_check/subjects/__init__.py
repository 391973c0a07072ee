"""Foreign code becomes an answer: loaded, run in a process of its own, called, read."""

from .loading import DEFAULT, entry_points, load

__all__ = ["DEFAULT", "entry_points", "load"]
