"""`python -m benchmarks.bench`: the rows of docs/performance.md, measured as ratios in one run."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "reference"))  # of a bare checkout
