"""Of a recurrence of a user's own: its truth, and how rounding grows in it."""
