"""Several measurements of one thing as quartiles, and when one such got worse than another."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

SMALLEST = 0.05
"""Relative half-width below which no spread is believed: two runs on one machine differ by that."""


class Spread(NamedTuple):
    """Lower quartile, median and upper quartile."""

    lower: float
    median: float
    upper: float

    @property
    def widened(self) -> Spread:
        """With each quartile at least `SMALLEST` away from the median."""
        by = SMALLEST * abs(self.median)
        return Spread(
            min(self.lower, self.median - by), self.median, max(self.upper, self.median + by)
        )


def spread_of(values: Sequence[float]) -> Spread:
    """The quartiles of some measurements; one alone is all three.

    Raises:
        ValueError: there is none.
    """
    if not values:
        raise ValueError("there is no spread of no measurement; measure at least one round.")
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(lower, statistics.median(values), upper)


def got_worse(before: Spread, now: Spread, higher_is_better: bool = False) -> bool:
    """Whether what was measured now lies beyond the spread of before, on the worse side.

    Both spreads count: the quartiles must not overlap.
    """
    before, now = before.widened, now.widened
    return now.upper < before.lower if higher_is_better else now.lower > before.upper
