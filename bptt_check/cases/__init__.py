"""What is asked, and what an answer to it must be."""
