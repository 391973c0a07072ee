"""The reference beside `torch.nn.LSTM` and its own matrix products: `reference_speed.py`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..child import ROOT, environment
from ..effort import Effort
from ..rows import SIZES, Measured, size_text
from ..spread import Spread

PRODUCTS = "ratio to matrix products"
SCRIPT = ROOT / "benchmarks" / "reference_speed.py"


def measure(effort: Effort) -> Iterator[Measured]:
    """A row per precision and size."""
    return rows_of(_record(effort.reference_rounds))


def _record(rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speed.json"
        command = [sys.executable, str(SCRIPT), "--rounds", str(rounds), "--json", str(path)]
        done = subprocess.run(
            command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{SCRIPT.name}: {done.stderr}")
        return json.loads(path.read_text(encoding="utf-8"))


def rows_of(record: dict[str, Any]) -> Iterator[Measured]:
    """The rows of what `reference_speed.py` wrote: its medians and quartiles."""
    for one in record["speed"]:
        dtype = one["dtype"]
        yield _row(f"reference/{dtype}/{size_text(one['size'])}", one, "ratio to torch.nn.LSTM")
        if tuple(one["size"]) == SIZES[0] and PRODUCTS in one:
            yield _row(f"products/{dtype}", one, PRODUCTS)


def _row(key: str, one: dict[str, Any], peer: str) -> Measured:
    quartiles = (one[peer][name] for name in ("lower quartile", "median", "upper quartile"))
    return Measured(key, [one["milliseconds"]["reference"]], Spread(*quartiles))
