"""The run part of `nox -s verify`: 8 cases of every default model, in both precisions."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import bptt_check as bc

from ..child import CACHE, call
from ..effort import Effort
from ..rows import Measured
from .subject import Timed

CASES = 8
"""Of each of 126 models."""


def measure(effort: Effort) -> Iterator[Measured]:
    """Seconds, in multiples of one call of the reference on each case too; size of the record."""
    if not effort.whole_run:
        return
    rounds = [_one_round() for _ in range(effort.long_rounds)]
    for key in ("cold", "warm"):
        of_key = [one[key] for one in rounds]
        amounts = [one["seconds"] for one in of_key]
        yield Measured(f"run/{key}", amounts, [one["ratio"] for one in of_key])
    yield Measured("run/json", [one["warm"]["bytes"] / 1e6 for one in rounds])


def _one_round() -> dict[str, dict[str, float]]:
    """Two runs, with the cache of compiled programs empty for the first."""
    with tempfile.TemporaryDirectory() as cache:
        return {key: call(f"{__name__}:run_once", {CACHE: cache}) for key in ("cold", "warm")}


def run_once() -> dict[str, float]:
    """Processor time of the run, alone and over one call on each case, and bytes of its record."""
    subject, begin = Timed(), time.process_time()
    report = bc.verify(subject, cases=CASES, dtypes=("float64", "float32"))
    spent = time.process_time() - begin
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        report.to_json(path)
        size = path.stat().st_size
    per_case = spent / sum(report.cases.values())
    return {"seconds": spent, "ratio": per_case / subject.mean, "bytes": size}
