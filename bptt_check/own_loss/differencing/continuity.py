"""Whether a loss jumps between two points, as coarse arithmetic does, or only runs steeply.

Both look alike from afar: values at equally spaced points that no polynomial follows. Halving an
interval again and again, always towards the larger change, tells them apart: the change across a
jump stays what it is, that of a continuous function shrinks with the interval, and at a pole it
grows.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

HALVINGS_SEEN = 8
"""Over so many halvings a steep place has lost 2^-8 of its change, and a jump nothing."""
KEPT = 0.5
"""The share of a change that is still there at a jump; above its inverse lies a pole."""
BESIDE = 4
"""Neighbours on each side of a jump that are looked at."""
APART = 2.0**12
"""How far they lie apart, in narrowest widths: beyond the treads that a saturated function has in
its own precision, within those of any coarser one.
"""
FLAT = 0.25
"""The share of a jump by which they differ, at most. Where trajectories diverge all of them do."""


def jump_between(
    value: Callable[[float], float], low: float, high: float, narrowest: float
) -> float:
    """The size of a jump of a function between two numbers; 0 if it is continuous there.

    Where the function has several, it is one of the large ones, not always the largest; one that is
    small beside the smooth part is missed, so take off what is known of that. Between two numbers
    where the function has no value (NaN, infinity) nothing is found.

    Args:
        value: the function.
        low, high: the ends of the interval.
        narrowest: the width at which to stop, or that of two neighbouring numbers if larger; the
            values around it must still be told apart.
    """
    narrowest = max(narrowest, math.ulp(max(abs(low), abs(high))))
    left, right = value(low), value(high)
    changes: list[float] = []
    while high - low > narrowest and math.isfinite(right - left):
        middle = low + (high - low) / 2.0
        at = value(middle)
        if abs(at - left) >= abs(right - at):
            high, right = middle, at
        else:
            low, left = middle, at
        changes.append(abs(right - left))
    if len(changes) <= HALVINGS_SEEN or not math.isfinite(right - left):
        return 0.0
    before, last = changes[-1 - HALVINGS_SEEN], changes[-1]
    if not KEPT * before <= last <= before / KEPT:
        return 0.0
    width = APART * narrowest
    beside = [abs(value(low - k * width) - left) for k in range(1, BESIDE + 1)]
    beside += [abs(value(high + k * width) - right) for k in range(1, BESIDE + 1)]
    return last if statistics.median(beside) <= FLAT * last else 0.0
