"""Many records of one kind as columns: written, and read back from wherever they come."""
