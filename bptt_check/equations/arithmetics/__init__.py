"""How the results on a tape may round: one kind of arithmetic a file."""
