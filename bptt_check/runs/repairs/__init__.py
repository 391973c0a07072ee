"""The edit that makes a subject right, proven by the whole check on fresh cases."""
