"""A user's own plain code of a recurrence: run, differentiated, and rounded at random."""
