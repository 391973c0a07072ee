"""Wrong kernels, made of those of `examples/recurrences`, and the tests that people have."""
