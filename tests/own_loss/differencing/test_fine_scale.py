"""Whether finer steps bear a measured derivative out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bptt_check.own_loss.differencing.fine_scale import confirmed
from bptt_check.own_loss.differencing.slope import Slope
from bptt_check.verdicts.verdict import Reason

X = 0.3


def looked_at(
    function: Callable[[float], float], value: float, bound: float, noise: float
) -> Slope:
    """What becomes of a derivative that coarse steps measured."""
    measured = Slope(value, value, bound, step=2.0**-8)
    return confirmed(
        lambda offset: (function(X + offset), (X + offset) - X), function(X), measured, noise
    )


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (math.exp, math.exp(X)),
        (lambda x: 1.0 / (1.0 - x), 1.0 / 0.49),
        (lambda x: 7.0, 0.0),
        (lambda x: 1e200 * x, 1e200),
    ],
)
def test_derivative_of_a_smooth_function_stands(
    function: Callable[[float], float], value: float
) -> None:
    """And a wrong one does not: what is 1 % off is contradicted from near."""
    unit = 2.0**-53 * abs(function(X))
    off = 1.01 * value + (not value)

    assert looked_at(function, value, 1e-9 * abs(value), unit).reason_kind is Reason.NONE
    assert looked_at(function, off, 1e-9 * abs(value), unit).reason_kind is not Reason.NONE


@pytest.mark.parametrize(("size", "speed"), [(1.0, 1e8), (1e-6, 1e9), (1e-9, 1e11)])
def test_plateau_of_coarse_steps_is_not_believed(size: float, speed: float) -> None:
    """From afar a fast sine is noise around a slope of 1."""
    found = looked_at(lambda x: x + size * math.sin(speed * (x - X)), 1.0, 1e3 * size, size)

    assert (found.bound, found.reason_kind) == (math.inf, Reason.VARIES_BELOW_STEPS)
    assert "the loss varies below its steps: differences over 0.0039 say 1, over" in (found.reason)


@pytest.mark.parametrize("part", [0.0, 1.0])
def test_flat_treads_of_float32_do_not_unsettle_a_derivative(part: float) -> None:
    """From near such a loss is flat, or has the slope of the part that is not in float32."""

    def coarse(x: float) -> float:
        return float(np.float32(3.0 * np.float32(x))) + part * x

    assert looked_at(coarse, 3.0 + part, 1e-3, 2.0**-24).reason_kind is Reason.NONE
    assert looked_at(coarse, 3.0 + part, 1e-3, 2.0**-40).reason_kind is not Reason.NONE


@pytest.mark.parametrize(("low", "stands"), [(0.0, True), (0.5, False)])
def test_both_sides_of_a_kink_are_looked_at(low: float, stands: bool) -> None:
    """One of them is 0, the other one 1."""
    measured = Slope(low, 1.0, 1e-9, Reason.NO_SINGLE_SLOPE, (low, 1.0), step=2.0**-8)
    found = confirmed(lambda offset: (max(offset, 0.0), offset), 0.0, measured, 2.0**-60)

    assert (found.reason_kind is Reason.NO_SINGLE_SLOPE) == stands
