"""Central differences of the reference along directions: they find out a reference whose own
reverse mode is not the derivative of its outputs.

With a step h, and again with h/2, the error of a central difference falls by a factor of four; two
of them extrapolated (Richardson) are right to fourth order, and their distance bounds the error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...cases.directions import SignDirections
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import OracleResult, Result, outcome_of
from ...cases.types import Array
from ...equations.recurrences.truth import evaluation_of, linear_loss
from ...errors import LeftAlone

NAME = "finite_difference"
STEP = 2.0**-13
"""Of the typical size of an input: truncation of fourth order and rounding are of one size."""
COUNT = 2
"""Directions through each input."""
MANY_NUMBERS = 4_000
"""Numbers of the inputs from which on a case is left alone: smaller ones say the same of the
reference."""
ROUNDINGS = 16.0
"""Units of float64 by which the loss may be off, of the sum of its terms."""
KINK = 2.0**-10
"""Share of the slope by which it must differ on both sides for a kink to be seen."""


class DifferencesOracle:
    """Slopes along random signs, of the outputs times their cotangents.

    Args:
        asked_for: whether cases of many numbers are measured, too.
    """

    name = NAME

    def __init__(self, asked_for: bool = False) -> None:
        self._asked_for = asked_for

    def __call__(self, case: RecurrenceCase) -> Result:
        """Loss and slopes, with bounds on their errors.

        Raises:
            LeftAlone: the case has many numbers.
        """
        numbers = sum(a.size for a in case.inputs.values())
        if numbers > MANY_NUMBERS and not self._asked_for:
            raise LeftAlone(f"{numbers:,} numbers, more than {MANY_NUMBERS:,}")
        along = {
            n: SignDirections(n, _signs(n, a.shape), whole=True) for n, a in case.inputs.items()
        }
        slopes, bounds = {}, {}
        for name, directions in along.items():
            found = [_slope(case, name, signs) for signs in directions.signs]
            slopes[name], bounds[name] = (np.array(numbers) for numbers in zip(*found, strict=True))
        loss = linear_loss(case, evaluation_of(case).outputs)
        return Result(loss, slopes, bounds=bounds, along=along)

    def many(self, cases: Sequence[RecurrenceCase]) -> Iterator[OracleResult]:
        """One by one: they have different sizes."""
        for case in cases:
            yield outcome_of(self, case)


def _signs(name: str, shape: tuple[int, ...]) -> Array:
    """Random signs (COUNT, *shape), always the same; the first of them all alike for one entry."""
    rng = np.random.default_rng([len(name), *name.encode(), *shape])
    return rng.choice((-1.0, 1.0), (COUNT, *shape))


def _slope(case: RecurrenceCase, name: str, signs: Array) -> tuple[float, float]:
    """The slope along one direction, and a bound on its error; infinite where it is none, or where
    a kink lies at the point: any slope between those of both sides is right there.
    """
    base: Array = case.arrays[name]
    h = STEP * (float(np.sqrt(np.mean(np.square(base)))) or 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = _sides(case, name, base, signs * h).per(h)
        narrow = _sides(case, name, base, signs * (h / 2.0)).per(h / 2.0)
        slope = (4.0 * narrow.slope - wide.slope) / 3.0
        kinks = sum(float(np.sum(np.abs(2.0 * n - w))) for n, w in _pairs(narrow.bends, wide.bends))
        rounding = ROUNDINGS * 2.0**-53 * wide.terms * h / (h / 2.0)
        bound = abs(slope - narrow.slope) + rounding + kinks
    seen = kinks > KINK * narrow.size + 8.0 * rounding
    reliable = np.isfinite(slope) and np.isfinite(bound) and not seen
    return (slope, bound) if reliable else (0.0, np.inf)


@dataclass(frozen=True, eq=False)
class _Sides:
    """The outputs times their cotangents, on both sides of a point.

    Args:
        slope: half the difference of the loss.
        size: the sum of the sizes of what is added up in it.
        bends: of each output, what both sides together differ from twice the middle: per step it
            goes to zero with the step, but at a kink.
        terms: the sum of the sizes of the terms of the loss.
    """

    slope: float
    size: float
    bends: list[Array]
    terms: float

    def per(self, step: float) -> _Sides:
        """The same for a step of 1."""
        bends = [bend / step for bend in self.bends]
        return _Sides(self.slope / step, self.size / step, bends, self.terms / step)


def _pairs(one: list[Array], other: list[Array]) -> Iterator[tuple[Array, Array]]:
    yield from zip(one, other, strict=True)


def _sides(case: RecurrenceCase, name: str, base: Array, move: Array) -> _Sides:
    up = case.reference.outputs({**case.arrays, name: base + move})
    down = case.reference.outputs({**case.arrays, name: base - move})
    middle, bars = evaluation_of(case).outputs, case.cotangents
    halves = [bars[n] * (up[n] - down[n]) / 2.0 for n in bars]
    return _Sides(
        slope=float(sum(np.sum(half) for half in halves)),
        size=float(sum(np.sum(np.abs(half)) for half in halves)),
        bends=[bars[n] * ((up[n] - middle[n]) + (down[n] - middle[n])) for n in bars],
        terms=sum(float(np.sum(np.abs(bars[n] * up[n]))) for n in bars),
    )
