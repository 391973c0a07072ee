"""The pages of a run: one file each, which opens offline."""
