"""Question 1 alone: is the gradient the derivative of the function's own loss?"""
