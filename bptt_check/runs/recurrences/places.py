"""Where in an output or a gradient of a recurrence something is wrong: along which axis it begins,
and what it has in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...cases.types import Array
from ...verdicts.budget import Budgets
from ...verdicts.case_report import Evidence
from ...verdicts.difference import Difference

FACTOR_ENTRIES = 3
"""Entries that a factor must be seen in."""


@dataclass(frozen=True)
class WrongRange:
    """Everything wrong lies in a part of an axis.

    Args:
        name: of the output or the gradient.
        axis: what it runs over, a size or the number of the axis.
        first, last: of the part, counted from 0.
        length: of the axis.
    """

    name: str
    axis: str
    first: int
    last: int
    length: int


@dataclass(frozen=True)
class ZeroGradient:
    """It is zero everywhere, and should not be."""

    name: str


@dataclass(frozen=True)
class SameFactor:
    """Every entry is the same multiple of what it should be."""

    name: str
    factor: float


Place = WrongRange | ZeroGradient | SameFactor


def wrong_places(
    name: str, axes: tuple[str, ...], difference: Difference, budgets: Budgets
) -> Iterator[Place]:
    """What there is to say of where an array is wrong, the most telling first.

    Args:
        name: of the output or gradient.
        axes: what each of its axes runs over.
        difference: entry by entry.
        budgets: of the oracle that it is measured by.
    """
    budget = budgets.of(name)
    over = difference.error > budget
    if not over.any():
        return
    if not difference.got.any():
        yield ZeroGradient(name)
        return
    if (factor := _factor(difference, budget, int(over.sum()))) is not None:
        yield SameFactor(name, factor)
        return
    for axis, length in enumerate(over.shape):
        others = tuple(n for n in range(over.ndim) if n != axis)
        at = np.flatnonzero(over.any(axis=others))
        first, last = int(at[0]), int(at[-1])
        if last - first + 1 < length:
            yield WrongRange(name, axes[axis], first, last, length)


def _factor(difference: Difference, budget: Array, over: int) -> float | None:
    """The factor that all entries have in common, so many of which are over budget; None if there
    is none.
    """
    got, want = difference.got, difference.want
    shows = np.abs(want) > budget
    if shows.sum() < FACTOR_ENTRIES or over < FACTOR_ENTRIES:
        return None
    at = np.unravel_index(int(np.argmax(np.abs(want))), want.shape)
    factor = float(got[at] / want[at])
    room = (1.0 + abs(factor)) * budget
    return factor if np.all(np.abs(got - factor * want) <= room) else None


def sharpest_difference(name: str, evidence: Evidence) -> tuple[Difference, Budgets] | None:
    """The difference of an array from the oracle that measured entry by entry."""
    for oracle, result in evidence.trusted.items():
        values = {**(result.outputs or {}), **result.grads}
        got = {**(evidence.result.outputs or {}), **evidence.result.grads}
        if name in values and name not in result.along and name in got:
            return Difference(name, got[name], values[name]), evidence.budgets[oracle]
    return None
