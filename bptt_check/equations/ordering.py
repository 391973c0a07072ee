"""Where one number is above another: by that a step chooses, with a kink where they are equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases.types import Array


class Ordering:
    """A condition on values of a tape, for `xp.where`.

    Args:
        holds: where it does, [S, ...], sample by sample.
        slope: the share of the first choice in the derivative: 1 where it holds, 0 where it does
            not, and what the arithmetic takes for the slope of relu where that is not certain. So
            both sides of a kink are right, as they are of relu.
    """

    __array_ufunc__ = None

    def __init__(self, holds: Array, slope: Array) -> None:
        self.holds, self.slope = holds, slope

    def __invert__(self) -> Ordering:
        return Ordering(~self.holds, 1.0 - self.slope)

    def __and__(self, other: Any) -> Ordering:
        holds, slope = parts_of(other)
        return Ordering(self.holds & holds, self.slope * slope)

    def __or__(self, other: Any) -> Ordering:
        return ~(~self & ~_as_condition(other))

    __rand__, __ror__ = __and__, __or__

    def __bool__(self) -> bool:
        raise TypeError("a condition on arrays is not one answer: choose by xp.where")

    def __getitem__(self, index: Any) -> Ordering:
        return Ordering(self.holds[index], self.slope[index])


def parts_of(condition: Any) -> tuple[Array, Array]:
    """Where a condition holds, and its share in the derivative; also of a plain array."""
    if isinstance(condition, Ordering):
        return condition.holds, condition.slope
    holds = np.asarray(condition, dtype=bool)
    return holds, holds.astype(np.float64)


def _as_condition(condition: Any) -> Ordering:
    return Ordering(*parts_of(condition))
