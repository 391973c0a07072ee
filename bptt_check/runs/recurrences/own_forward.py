"""Whether the gradients of a kernel are the derivative of its own outputs, whatever these are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array

STEP = 2.0**-13
"""Of the typical size of an input."""
AGREE = 2.0**-20
"""Relative difference up to which a slope is that of the outputs: central differences with such a
step are right to about 2**-26, and a missing term shows by far more."""


def is_own_derivative(subject: Callable[..., Any], case: RecurrenceCase) -> bool | None:
    """Whether the gradients of a kernel in float64 are the slopes of its own loss along a direction
    through each input; None where it does not run in float64, or nothing can be told.
    """
    wide = replace(case, dtype="float64", spec=None, layout="contiguous", wanted=None)
    try:
        with np.errstate(all="ignore"):
            result = subject(wide)
            slopes = {n: _slope(subject, wide, n) for n in wide.inputs}
    except Exception:  # a kernel that takes float32 alone, or stumbles over other numbers
        return None
    told = {n: float(np.sum(_signs(wide.inputs[n]) * result.grads[n])) for n in slopes}
    sizes = {n: float(np.abs(result.grads[n]).sum()) for n in slopes}
    if not all(np.isfinite(s) for s in slopes.values()) or not any(sizes.values()):
        return None
    return all(abs(slopes[n] - told[n]) <= AGREE * max(sizes[n], abs(slopes[n])) for n in slopes)


def _signs(array: Array) -> Array:
    return np.random.default_rng(array.size).choice((-1.0, 1.0), array.shape)


def _slope(subject: Callable[..., Any], case: RecurrenceCase, name: str) -> float:
    """The slope of the loss along random signs, by differences extrapolated once."""
    base = case.inputs[name]
    h = STEP * (float(np.sqrt(np.mean(np.square(base)))) or 1.0)
    wide, narrow = (_central(subject, case, name, step) for step in (h, h / 2.0))
    return (4.0 * narrow - wide) / 3.0


def _central(subject: Callable[..., Any], case: RecurrenceCase, name: str, h: float) -> float:
    move = h * _signs(case.inputs[name])
    up, down = (
        subject(case.with_inputs({name: case.inputs[name] + side * move})).loss
        for side in (1.0, -1.0)
    )
    return (float(up) - float(down)) / (2.0 * h)
