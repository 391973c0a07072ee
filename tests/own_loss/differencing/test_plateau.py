"""Flat places of a loss: those of its formula, and those that coarse arithmetic makes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bptt_check.own_loss.differencing.plateau import Expected, beyond_plateau
from bptt_check.own_loss.differencing.slope import Slope
from bptt_check.verdicts.verdict import Reason

X, SLOPE = 0.8, 3.0
FLAT = Slope(0.0, 0.0, 1e-12, step=2.0**-22)


def seen(loss: Callable[[float], float], gradient: float, flat: Slope = FLAT) -> Reason:
    """What becomes of a slope of zero at X, where a gradient says something else."""
    expected = Expected(slope=gradient, farthest=X, rounding=2.0**-53 * X)

    def line(offset: float) -> tuple[float, float]:
        return loss(X + offset), offset

    return beyond_plateau(line, loss(X), flat, expected).reason_kind


def rounded(bits: int) -> Callable[[float], float]:
    """A line through numbers of so many bits."""
    return lambda x: 5.0 + SLOPE * math.ldexp(round(math.ldexp(x, bits)), -bits)


@pytest.mark.parametrize("bits", [7, 8, 11, 17])
def test_slope_is_not_zero_where_coarse_arithmetic_hides_it(bits: int) -> None:
    """Whether the gradient is that slope or zero; twice the slope, or its opposite, is wrong."""
    for gradient in (SLOPE, 0.0):
        assert seen(rounded(bits), gradient) is Reason.PLATEAU
    for gradient in (2 * SLOPE, -SLOPE):
        assert seen(rounded(bits), gradient) is Reason.NONE


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: 2.0,
        lambda x: 100.0 + max(x - 0.9, 0.0),
        lambda x: 100.0 + max(x - 0.9, 0.0) + max(0.7 - x, 0.0),
        lambda x: 1.0 + 1e-7 * (x > 0.81),
        lambda x: math.floor(4.0 * x + 0.5) / 4.0,
        lambda x: 1e-7 * (x > 0.81) + 1e-3 * (x < 0.79),
    ],
    ids=["constant", "dead unit", "two kinks", "threshold", "stairs", "two thresholds"],
)
def test_plateau_of_a_formula_has_the_slope_zero(loss: Callable[[float], float]) -> None:
    """Any other gradient is wrong there."""
    assert seen(loss, SLOPE) is Reason.NONE


@pytest.mark.parametrize("far", [20.0, 36.0, 300.0])
def test_slope_that_rounding_drops_is_not_zero(far: float) -> None:
    """A loss that comes out as exactly zero tells nothing of 1e-20; 1e-3 is wrong."""

    def loss(x: float) -> float:
        return 40.0 + math.log1p(math.exp(x - 40.0 - far)) - 40.0

    assert seen(loss, math.exp(-40.0 - far)) is Reason.PLATEAU
    assert seen(loss, 1e-3) is Reason.NONE


def test_slope_that_is_no_plateau_is_left_alone() -> None:
    """An even function has the slope zero and is nowhere flat."""
    even = Slope(0.0, 0.0, 1e-12, step=1e-2)

    assert seen(lambda x: (x - X) ** 2, 0.0, even) is Reason.NONE
    assert seen(np.float16, 1.0, Slope(1.0, 1.0, 1e-3, step=1e-6)) is Reason.NONE
