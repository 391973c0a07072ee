"""Many cases: draw, check, add up, shrink what fails, record."""
