"""Which cases of a target are checked: factors, limits, and a covering design over both."""
