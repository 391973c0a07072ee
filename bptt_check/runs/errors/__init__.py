"""The errors of many cases: how they are distributed, and the worst of them entry by entry."""
