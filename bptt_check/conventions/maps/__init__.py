"""Linear maps from the arrays of the contract to those of a subject, with their ways back."""
