"""Says what is wrong: which known mistake gives exactly a subject's gradients, and when."""
