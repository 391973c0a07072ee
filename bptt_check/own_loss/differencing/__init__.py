"""The derivative of a loss from its values alone, and whether these can be believed."""
