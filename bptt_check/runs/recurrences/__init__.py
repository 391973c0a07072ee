"""What a run says of a failing recurrence: the smallest case, when it fails, and a test of it."""
