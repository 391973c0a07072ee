"""Whether finer steps bear out a measured derivative: asked before a gradient is called wrong.

Differences over coarse steps can converge to a value that is not the derivative, where the loss
varies below them by less than the steps show. So the loss is looked at over ever shorter
distances, down to the last place of its arrays, with the rounding that its own values have there.
Coarse arithmetic (float32 inside float64) looks flat from so near, and is told by its jumps, which
are as large as its rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...cases.types import Array
from ...verdicts.verdict import Reason
from .continuity import jump_between
from .slope import UNIT, LossAlongLine, Slope, unknown

AROUND = tuple(k for k in range(-4, 5) if k)
ABOVE, BELOW = tuple(range(1, 9)), tuple(range(-8, 0))
"""Where points are taken, in steps from the given one; on one side at a time at a kink."""
FITTED = 3
"""The degree of the polynomial through them."""
CLOSER = 16.0
"""How much shorter each distance is than the one before."""
DEVIATIONS = 12.0
"""Deviations of a fitted slope beyond which two values are not the same; with five degrees of
freedom chance exceeds it once in 30,000.
"""
ROUNDINGS = 32.0
"""A jump of so many rounding errors is still rounding."""


@dataclass(frozen=True)
class LocalSlope:
    """The slope over a short distance, and the error that the values there leave it."""

    step: float
    value: float
    error: float


def confirmed(line: LossAlongLine, here: float, measured: Slope, noise: float) -> Slope:
    """A measured derivative, or the reason why it is not believed.

    Args:
        line: the loss at an offset.
        here: the loss at offset 0.
        measured: what the ladder said.
        noise: typical rounding error of one loss.
    """
    if not math.isfinite(measured.bound):
        return measured
    for offsets in (ABOVE, BELOW) if measured.at_kink else (AROUND,):
        local = local_slopes(line, here, measured.step, offsets)
        excluding = [s for s in local if _excludes(s, measured)]
        if not excluding:
            continue
        finest = excluding[-1]
        jump = _jump_within(line, here, measured.step, finest.value, local[-1].step)
        if not 0.0 < jump <= ROUNDINGS * noise:
            return unknown(
                Reason.VARIES_BELOW_STEPS, measured.step, measured.low, finest.step, finest.value
            )
    return measured


def _excludes(local: LocalSlope, measured: Slope) -> bool:
    """Whether a slope over a short distance is none of the derivatives that are right."""
    return abs(local.value - measured.nearest(local.value)) > measured.bound + local.error


def local_slopes(
    line: LossAlongLine, here: float, step: float, offsets: Sequence[int] = AROUND
) -> list[LocalSlope]:
    """Slopes over ever shorter distances below a step, as long as these move the arrays."""
    slopes: list[LocalSlope] = []
    shortest = UNIT * step  # beside zero there is always a shorter one
    while step > shortest:
        step /= CLOSER
        taken = [line(k * step) for k in offsets]
        values = np.array([here, *(value for value, _ in taken)])
        moved = np.array([0.0, *(offset for _, offset in taken)])
        if len(set(moved.tolist())) < len(moved):
            break
        if np.all(np.isfinite(values)):
            slopes.append(_fitted(moved / step, values, step))
    return slopes


def _fitted(places: Array, values: Array, step: float) -> LocalSlope:
    """The slope of the polynomial through values at places in steps."""
    powers = np.vander(places, FITTED + 1, increasing=True)
    inverse = np.linalg.pinv(powers)
    coefficients = inverse @ (values - values[0])
    rest = values - values[0] - powers @ coefficients
    largest = float(np.abs(rest).max()) or 1.0  # squares of 1e200 are no numbers
    squares = float(np.square(rest / largest).sum())
    deviation = largest * math.sqrt(squares / (len(places) - FITTED - 1))
    rounding = max(deviation, UNIT * float(np.abs(values).max()))
    error = DEVIATIONS * rounding * float(np.linalg.norm(inverse[1]))
    return LocalSlope(step, float(coefficients[1]) / step, error / step)


def _jump_within(
    line: LossAlongLine, here: float, step: float, slope: float, narrowest: float
) -> float:
    """The jump that separates a local slope from the one over a step; 0 if there is none."""

    def rest(offset: float) -> float:
        value, moved = line(offset)
        return value - here - slope * moved

    side = 1.0 if abs(rest(step)) >= abs(rest(-step)) else -1.0
    return jump_between(lambda offset: rest(side * offset), 0.0, step, narrowest)
