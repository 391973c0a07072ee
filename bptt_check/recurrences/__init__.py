"""A user's own plain code: evaluated in float64, differentiated, and rounded at random."""
