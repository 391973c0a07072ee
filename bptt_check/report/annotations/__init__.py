"""The failures of a run as remarks on lines of source, for those who read a change there."""
