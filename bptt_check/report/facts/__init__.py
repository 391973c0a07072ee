"""What readers ask about a run, answered from its record."""
