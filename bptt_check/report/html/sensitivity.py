"""How small an error a run can see: what each oracle would have caught."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from ...runs.records import Run
from ..called import called_in, label
from ..facts.floors import entry_floors


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
    called = called_in(run)
    worst = sorted(entry_floors(run).items(), key=lambda item: -item[1])[:most]
    named = ((label(check, model), parameter, floor) for (check, model, parameter), floor in worst)
    return [(model, called.of(model, parameter), floor) for model, parameter, floor in named]


def _known(values: Iterable[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]
