"""What JAX has traced, evaluated operation by operation in NumPy, for many samples at once."""
