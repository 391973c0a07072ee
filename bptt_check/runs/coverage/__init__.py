"""What the cases of a run covered."""
