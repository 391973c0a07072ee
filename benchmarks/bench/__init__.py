"""`python -m benchmarks.bench`: the rows of docs/performance.md, measured as ratios in one run."""
