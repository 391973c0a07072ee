"""Where a gradient is no continuous function of its inputs: kinks, ties, underflow."""
