"""A user's own recurrence: its inputs by symbolic sizes, its cases, and what its plain code can."""
