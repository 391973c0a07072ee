"""The smallest errors that a run would have found: of one entry, and of what all cases share."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from ...runs.records import Run

Place = tuple[str, str, str]
"""Check, model and gradient."""


def entry_floors(run: Run) -> dict[Place, float]:
    """The relative error of one entry that the sharpest oracle of each gradient would have found;
    no gradient of which that is not known.
    """
    best: dict[Place, float] = {}
    for row in run.rows:
        if not math.isnan(row.floor_any):
            place = row.check, row.model, row.parameter
            best[place] = min(row.floor_any, best.get(place, math.inf))
    return best


@dataclass(frozen=True)
class SharedSensitivity:
    """What a run sees of errors that are the same share of a gradient in all cases.

    Args:
        dtype: of the cases.
        together: whether the models of a family were put together.
        gradients: of how many it is known.
        best, median, worst: the smallest such share that would have been found, over these.
    """

    dtype: str
    together: bool
    gradients: int
    best: float
    median: float
    worst: float


def shared_sensitivities(run: Run) -> list[SharedSensitivity]:
    """Those of each dtype: of single models, and of families of which models were put together."""
    by_kind: dict[tuple[str, bool], list[float]] = {}
    for one in run.systematic_floors:
        by_kind.setdefault((one.dtype, one.models > 1), []).append(one.floor)
    return [
        SharedSensitivity(*kind, len(of), min(of), statistics.median(of), max(of))
        for kind, of in by_kind.items()
    ]
