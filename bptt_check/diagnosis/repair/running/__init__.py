"""Edited code, run in processes of its own."""
