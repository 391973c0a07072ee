"""Processes that are ours to start and to end: their pipes, and what they start in turn."""
