"""What a run of a subject does: lines, shapes, and which values are the textbook's."""
