"""What is measured, one group of rows a file: `measure(effort)` gives their measurements."""
