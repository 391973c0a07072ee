"""In which dtypes a kernel rounds its results alone: what is inside has more digits."""

from __future__ import annotations

from ...cases.precision import PRECISIONS
from ...cases.recurrences.reference_code import ORACLE
from ...runs.measurements import ErrorHistogram
from ...runs.records import Run

MOST = 0.8
"""Share of the gradients and outputs, case by case, of which every entry must be the truth rounded
once. With float32 inside it is 0.94 and more (where terms cancel, errors are larger beside them),
and where every operation rounds 0.31 and less, in the examples."""
ENOUGH = 40
"""Their number, from which on that is no chance."""


def dtypes_rounded_once(run: Run) -> list[str]:
    """Half precisions in which results are no more than one unit in the last place off."""
    known: dict[str, list[ErrorHistogram]] = {}
    for one in run.error_histograms:
        precision = PRECISIONS.get(one.dtype)
        if one.oracle == ORACLE and precision and precision.name != precision.stored:
            known.setdefault(one.dtype, []).append(one)
    return [dtype for dtype, histograms in known.items() if _are_rounded_once(histograms)]


def _are_rounded_once(histograms: list[ErrorHistogram]) -> bool:
    exact = sum(one.exact for one in histograms)
    within = sum(n for one in histograms for bin, n in one.ulps if bin < 0)
    beyond = sum(n for one in histograms for bin, n in one.ulps if bin >= 0)
    every = exact + within + beyond
    return within + beyond >= ENOUGH and exact + within >= MOST * every
