"""What follows from the model's equations alone: loss, exact gradient, rounding."""
