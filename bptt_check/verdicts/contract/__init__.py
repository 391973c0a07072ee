"""What the contract says of several answers, whatever the truth is."""
