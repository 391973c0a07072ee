"""Arrays of one kind padded to common sizes, so that one pass serves many problems."""
