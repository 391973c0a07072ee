"""What of one gradient was measured, and what of that decides whether the gradient is right."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..cases.types import Array
from ..verdicts.difference import Difference
from ..verdicts.verdict import Reason
from .differencing.differences import EntrySlopes
from .differencing.slope import Slope
from .report import Coverage, Undecided

SHOWS = 2.0**-10
"""A zero whose budget is this share of its gradient's largest entry is known well enough."""
ZERO = 64.0
"""What is no larger than so many units of its gradient's largest entry is as good as zero."""
NOTHING = 2.0**-20
"""So is what cannot be a larger share of that entry, whatever was measured of it."""
SHARP = 0.25
"""The share of a slope that its budget may be; beyond it too little is known of it."""
HALF = 2.0**-12
"""Units above this are those of half precision, where the budget may be the whole slope."""
IMPORTANT = 0.25
"""Where this share of the measured entries is undecided, the gradient is."""


def coverage_of(
    measured: EntrySlopes, difference: Difference, budget: Array, unit: float
) -> Coverage:
    """The coverage of a gradient beside its expected values, with budgets, infinite if unknown.

    `unit` is the unit roundoff of its dtype.
    """
    want = difference.want
    sizes = np.maximum(np.abs(difference.got), np.abs(want))
    indices = [int(np.ravel_multi_index(i, want.shape)) if i else 0 for i in measured.entries]
    finite = [abs(float(want[i])) for i in measured.entries if budget[i] < np.inf]
    largest = max(finite, default=0.0)
    reasons: Counter[Reason] = Counter()
    first: dict[Reason, tuple[float, ...]] = {}
    decided, kinks, resolution = 0, 0, 0.0
    for index, slope in measured.entries.items():
        is_zero = sizes[index] <= ZERO * unit * largest and budget[index] <= SHOWS * largest
        is_zero |= (
            abs(difference.got[index]) <= ZERO * unit * largest
            and abs(want[index]) + budget[index] <= NOTHING * largest
        )
        known = is_zero or bool(difference.error[index] > budget[index])
        allowed = (SHARP if unit < HALF else 1.0) * abs(float(want[index]))
        reason = _undecided(slope, known or bool(budget[index] < allowed))
        kinks += slope.at_kink and reason is Reason.NONE
        decided += not slope.at_kink and reason is Reason.NONE
        if reason is Reason.NONE and not slope.at_kink and not known:
            resolution = max(resolution, float(budget[index]) / abs(float(want[index])))
        if reason is not Reason.NONE:
            reasons[reason] += 1
            first.setdefault(reason, slope.details if slope.reason_kind is reason else ())
    return Coverage(
        entries=want.size,
        measured=tuple(indices) if measured.directions else None,
        directions=len(measured.directions),
        kinks=kinks,
        decided=decided,
        undecided=tuple(Undecided(r, n, first[r]) for r, n in reasons.most_common()),
        resolution=resolution,
    )


def _undecided(slope: Slope, known: bool) -> Reason:
    """Why an entry is not decided; no reason if it is, or by a subgradient."""
    if not np.isfinite(slope.bound):
        return slope.reason_kind
    if slope.at_kink:
        sharp = slope.bound <= SHARP * max(abs(slope.low), abs(slope.high))
        return Reason.NONE if sharp else Reason.VACUOUS
    return Reason.NONE if known else Reason.VACUOUS


def is_important(coverage: Coverage) -> bool:
    """Whether what is undecided is an important share of what was measured."""
    count = coverage.entries if coverage.measured is None else len(coverage.measured)
    undecided = sum(u.entries for u in coverage.undecided)
    return undecided > 0 and undecided >= IMPORTANT * count
