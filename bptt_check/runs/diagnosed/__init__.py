"""What is found out about a failing model beyond its case: the mistake, and what passes."""
