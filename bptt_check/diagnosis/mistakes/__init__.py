"""The textbook BPTT whose lines are edited, and the mistakes known by name."""
