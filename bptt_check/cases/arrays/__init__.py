"""Which arrays a cell has, and which of a case are handed to code of a framework."""
