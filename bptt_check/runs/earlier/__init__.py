"""Cases that are asked again: those that failed in earlier runs, and the first ones of this."""
