"""Central differences of the reference along directions: they find out a reference whose own
reverse mode is not the derivative of its outputs.

With a step h, and again with h/2, the error of a central difference falls by a factor of four; two
of them extrapolated (Richardson) are right to fourth order, and their distance bounds the error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
    """The slope along one direction, and a bound on its error; infinite where it is none."""
    base: Array = case.arrays[name]
    h = STEP * (float(np.sqrt(np.mean(np.square(base)))) or 1.0)
    wide, terms = _central(case, name, base, signs * h)
    narrow, _ = _central(case, name, base, signs * (h / 2.0))
    wide, narrow = wide / h, narrow / (h / 2.0)
    slope, rounding = (4.0 * narrow - wide) / 3.0, ROUNDINGS * 2.0**-53 * terms / (h / 2.0)
    bound = abs(slope - narrow) + rounding
    return (slope, bound) if np.isfinite(slope) and np.isfinite(bound) else (0.0, np.inf)


@np.errstate(over="ignore", invalid="ignore")
def _central(case: RecurrenceCase, name: str, base: Array, move: Array) -> tuple[float, float]:
    """Half the difference of the loss on both sides, and the size of its terms."""
    up = case.reference.outputs({**case.arrays, name: base + move})
    down = case.reference.outputs({**case.arrays, name: base - move})
    terms = sum(float(np.sum(np.abs(c * up[n]))) for n, c in case.cotangents.items())
    return _difference(up, down, case.cotangents) / 2.0, terms


def _difference(
    up: Mapping[str, Array], down: Mapping[str, Array], cotangents: Mapping[str, Array]
) -> float:
    """Of the losses, output by output, before they are added up."""
    return float(sum(np.sum(c * (up[n] - down[n])) for n, c in cotangents.items()))
