"""What all cases of a run say together: errors that they share, and which ones would show."""
