"""What a run takes, and what a quick one leaves out."""
