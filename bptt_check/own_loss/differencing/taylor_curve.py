"""Remainders by step, the order that is fitted to them, and what that says of a gradient."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...verdicts.verdict import Verdict

FITTED = 5
"""Steps that the order is fitted to: the smallest that rounding leaves."""
FEWEST = 3
"""Steps below which no order is claimed."""
RIGHT, WRONG = 1.75, 1.25
"""A right gradient has order 2 (or more), a wrong one order 1; what lies between is not clear."""


@dataclass(frozen=True)
class TaylorCurve:
    """The remainder of one direction by step, as a Taylor test measured it.

    Args:
        model, spec: where.
        parameter: the input along which, or `all inputs`.
        verdict, reason: `pass`, `fail` or `inconclusive`, and why.
        order: fitted slope of log R over log s, None where none can be fitted.
        steps, remainders: the curve, the largest step first.
        rounding: what rounding explains of each remainder.
        first, last: the order is fitted to the steps [first, last).
    """

    model: str
    spec: str
    parameter: str
    verdict: Verdict
    reason: str
    order: float | None
    steps: tuple[float, ...]
    remainders: tuple[float, ...]
    rounding: tuple[float, ...]
    first: int
    last: int


@dataclass(frozen=True)
class Remainder:
    """The remainders of one step, forwards and backwards, and what rounding makes of them."""

    step: float
    forward: float
    backward: float
    rounding: float
    slope: float
    smooth: bool

    @property
    def remainder(self) -> float:
        """The larger one of both signs."""
        return max(abs(self.forward), abs(self.backward))

    @property
    def odd(self) -> float:
        """The part that changes sign with the step: none of second order is in it."""
        return abs(self.forward - self.backward) / 2.0

    @property
    def is_rounding(self) -> bool:
        """Whether rounding explains it."""
        return self.remainder <= self.rounding

    @property
    def is_even(self) -> bool:
        """Whether both signs agree as they do at a kink, and never where a gradient is wrong.

        With slopes D- and D+ on the two sides and a gradient between them the even part,
        (D+ - D-) / 2, is at least as large as the odd one; a wrong gradient has an odd part only.
        """
        return 2.0 * abs(self.forward + self.backward) > abs(self.forward - self.backward)


def usable_steps(points: Sequence[Remainder], values: Sequence[float]) -> tuple[int, int]:
    """The range [first, last) of steps to fit: the smallest above rounding, all smooth."""
    good = [p.smooth and v > p.rounding for p, v in zip(points, values, strict=True)]
    first = next((i for i, fine in enumerate(good) if fine), len(good))
    last = next((i for i in range(first, len(good)) if not good[i]), len(good))
    return max(first, last - FITTED), last


def fitted_order(points: Sequence[Remainder], values: Sequence[float]) -> float | None:
    """The slope of log value over log step; None with fewer than `FEWEST` points."""
    if len(points) < FEWEST:
        return None
    return float(np.polyfit(np.log2([p.step for p in points]), np.log2(values), 1)[0])


SETTLED, EVEN = 10, 0.01
"""Steps over which a remainder must have halved each time, to so much of itself, for the smaller
ones to be known: what curvature leaves is a thousandth of it by then.
"""


def has_order_one(points: Sequence[Remainder]) -> bool:
    """Whether the last steps leave no doubt that the remainder shrinks like the step."""
    last = points[-SETTLED - 1 :]
    if len(last) <= SETTLED or not all(p.smooth and not p.is_rounding for p in last):
        return False
    sizes = [p.remainder for p in last]
    return all(abs(2.0 * b - a) <= EVEN * a for a, b in itertools.pairwise(sizes))


def judge_remainders(points: Sequence[Remainder]) -> tuple[Verdict, str, float | None, int, int]:
    """Verdict, reason, order and the range that it is fitted to.

    The odd part has order 1 where a gradient is wrong and 3 where it is right, and so shows errors
    that curvature hides from the remainder itself.
    """
    remainders, odd = [p.remainder for p in points], [p.odd for p in points]
    first, last = usable_steps(points, remainders)
    order = fitted_order(points[first:last], remainders[first:last])
    verdict, reason = _read(points, points[first:last], order)
    if order is not None and verdict != Verdict.FAIL and not _kinked(points[first:last], order):
        i, j = usable_steps(points, odd)
        hidden = fitted_order(points[i:j], odd[i:j])
        if _is_one(hidden):
            why = "the part of it that changes sign shrinks like the step"
            return Verdict.FAIL, why, hidden, i, j
    return verdict, reason, order, first, last


def _read(
    points: Sequence[Remainder], used: Sequence[Remainder], order: float | None
) -> tuple[Verdict, str]:
    """Verdict and reason of the remainder itself."""
    smooth = [p for p in points if p.smooth]
    if not smooth:
        return Verdict.INCONCLUSIVE, "a kink, or a bend, lies within every step"
    if not used:
        if smooth[0].slope > 2.0 * smooth[0].rounding:
            why = "linear along this direction: the remainder is rounding at every step"
            return Verdict.PASS, why
        why = "flat: nothing changes by more than rounding along this direction"
        return Verdict.INCONCLUSIVE, why
    if order is None:
        return Verdict.INCONCLUSIVE, f"rounding leaves {len(used)} of {FEWEST} steps"
    if order >= RIGHT:
        return Verdict.PASS, ""
    if _kinked(used, order):
        return Verdict.INCONCLUSIVE, "a kink lies at the point itself: its two slopes differ"
    if not _is_one(order):
        return Verdict.INCONCLUSIVE, f"no clear order: {order:.2f}"
    return Verdict.FAIL, "the remainder shrinks like the step, not like its square"


def _kinked(used: Sequence[Remainder], order: float) -> bool:
    """Whether what has no order 2 is what a kink leaves."""
    return order < RIGHT and all(p.is_even for p in used)


def _is_one(order: float | None) -> bool:
    return order is not None and 2.0 - WRONG <= order <= WRONG
