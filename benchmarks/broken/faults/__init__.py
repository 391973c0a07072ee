"""The faults of each implementation; a module has the name of the file that it breaks."""
