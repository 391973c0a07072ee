"""Kernels of a user's own recurrence as subjects: what their own backward pass gives."""
