"""How small an error a run can see: what each oracle would have caught."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from ...runs.records import Run
from ..called import called_in, label


@dataclass(frozen=True)
class Sensitivity:
    """What one oracle sees: of `gradients` it decided, the relative errors of one entry that it
    would have caught in the best case, in the median and at worst over the gradients.
    """

    oracle: str
    gradients: int
    proven: int
    best: float
    median: float
    worst: float


def sensitivities(run: Run) -> list[Sensitivity]:
    """The sensitivity of every oracle that decided something; none where a run has no floors."""
    by_oracle: list[Sensitivity] = []
    for oracle in run.oracles:
        rows = [r for r in run.rows if r.oracle == oracle and r.verdict.decided]
        floors = _known(r.floor_any for r in rows)
        if floors:
            proven = sum(r.proven for r in rows)
            levels = (min(floors), statistics.median(floors), max(floors))
            by_oracle.append(Sensitivity(oracle, len(rows), proven, *levels))
    return by_oracle


def least_seen(run: Run, most: int = 8) -> list[tuple[str, str, float]]:
    """Model, gradient and the error that its sharpest oracle would have caught, largest first."""
    called, best = called_in(run), dict[tuple[str, str], float]()
    for row in run.rows:
        if not math.isnan(row.floor_any):
            key = (label(row.check, row.model), called.of_row(row))
            best[key] = min(row.floor_any, best.get(key, math.inf))
    worst = sorted(best.items(), key=lambda item: -item[1])[:most]
    return [(*key, floor) for key, floor in worst]


def _known(values: Iterable[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]
