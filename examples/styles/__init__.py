"""Implementations as they are met: each in a layout of its own, none knows bptt_check."""
