"""The same equations on arrays of NumPy, PyTorch and JAX: one array namespace a file."""
