"""Derivatives from differences alone: within their bound, or undecided with a reason."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bptt_check.own_loss.differencing.slope import UNIT, LossAlongLine, Slope, slope

Function = Callable[[float], float]


def at(function: Function, x: float, scale: float = 1.0, noise: float | None = None) -> Slope:
    """The slope of a function of one number."""

    def line(offset: float) -> tuple[float, float]:
        with np.errstate(all="ignore"):
            return float(function(x + offset)), (x + offset) - x

    own: LossAlongLine = line
    here = own(0.0)[0]
    return slope(own, here, scale, UNIT * abs(here) if noise is None else noise)


SMOOTH: dict[str, tuple[Function, float, float, float]] = {
    "sin": (math.sin, 1.0, 1.0, math.cos(1.0)),
    "exp": (math.exp, 3.0, 3.0, math.exp(3.0)),
    "square at its minimum": (lambda x: x * x, 0.0, 1.0, 0.0),
    "constant": (lambda x: 3.0, 1.0, 1.0, 0.0),
    "narrow bump": (lambda x: math.exp(-((x / 1e-3) ** 2)), 5e-4, 1.0, -1e3 * math.exp(-0.25)),
    "fast tanh": (lambda x: math.tanh(1e3 * x), 1e-4, 1.0, 1e3 / math.cosh(0.1) ** 2),
    "fast sine": (lambda x: math.sin(200 * x), 0.3, 1.0, 200 * math.cos(60.0)),
    "kink beside": (lambda x: max(x, 0.0) + x * x, 1e-5, 1.0, 1.0 + 2e-5),
    "edge of a domain": (np.log, 1e-4, 1.0, 1e4),
    "far away": (math.sin, 1e6, 1e6, math.cos(1e6)),
    "huge": (lambda x: 1e200 * x * x, 1e-3, 1e-3, 2e197),
}
"""Name to function, point, scale and derivative."""


@pytest.mark.parametrize("name", SMOOTH)
def test_a_derivative_lies_within_its_bound(name: str) -> None:
    """At every scale, and the bound is of use: a hundredth of the derivative or less."""
    function, x, scale, want = SMOOTH[name]
    derivative = at(function, x, scale)

    assert not derivative.at_kink
    assert abs(derivative.low - want) <= derivative.bound
    assert derivative.bound <= 0.01 * max(abs(want), 1e-6)


@pytest.mark.parametrize("name", SMOOTH)
def test_wrong_derivative_lies_outside_the_bound(name: str) -> None:
    """One percent more is seen everywhere."""
    function, x, scale, want = SMOOTH[name]
    derivative = at(function, x, scale)
    wrong = 1.01 * want if want else 0.01

    assert abs(derivative.low - wrong) > derivative.bound


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_at_a_kink_everything_in_between_is_right(value: float) -> None:
    """Whatever subgradient somebody takes."""
    derivative = at(lambda x: max(x, 0.0), 0.0)

    assert derivative.at_kink
    assert abs(derivative.nearest(value) - value) <= derivative.bound
    assert derivative.reason == "a kink: any derivative between 0 and 1 is right"


@pytest.mark.parametrize("value", [-0.01, 1.01, 5.0])
def test_at_a_kink_everything_else_is_wrong(value: float) -> None:
    """A subgradient lies between the one-sided derivatives."""
    derivative = at(lambda x: max(x, 0.0), 0.0)

    assert abs(derivative.nearest(value) - value) > derivative.bound


def test_kink_is_not_read_as_the_mean_of_its_sides() -> None:
    """All central differences of |x| at 0 agree exactly, and mean nothing."""
    derivative = at(lambda x: abs(x) + math.sin(x), 0.0)

    assert (derivative.low, derivative.high) == (pytest.approx(0.0, abs=1e-9), pytest.approx(2.0))


@pytest.mark.parametrize("function", [lambda x: float(x >= 0), lambda x: math.sqrt(abs(x))])
def test_point_without_a_derivative_is_undecided(function: Function) -> None:
    """A jump, an infinite slope."""
    derivative = at(function, 0.0)

    assert derivative.bound == math.inf
    assert derivative.reason == "the loss jumps here, or has no finite one-sided derivative"


def test_a_loss_that_is_finite_at_one_point_only_is_undecided() -> None:
    """Nothing can be differenced."""
    derivative = at(lambda x: 1.0 if x == 2.0 else math.nan, 2.0)

    assert derivative.reason == "the loss is not finite beside this point"


@pytest.mark.parametrize("x", [0.3, 0.7, 1.1])
def test_noise_widens_the_bound(x: float) -> None:
    """A loss with the digits of float32 has a derivative with a few of them."""

    def coarse(value: float) -> float:
        return float(np.float32(math.tanh(value)))

    derivative = at(coarse, x, noise=2.0**-24)
    want = 1.0 - math.tanh(x) ** 2

    assert abs(derivative.low - want) <= derivative.bound < 1e-3
    assert derivative.bound > at(math.tanh, x).bound


def test_a_line_that_no_longer_moves_ends_the_ladder() -> None:
    """Steps below the last place of float32 are not taken for flat places."""
    x = np.float32(1.0)

    def line(offset: float) -> tuple[float, float]:
        moved = np.float32(x + np.float32(offset))
        return float(moved) ** 2, float(moved) - 1.0

    derivative = slope(line, 1.0, 2.0**-12, UNIT)

    assert abs(derivative.low - 2.0) <= derivative.bound < 1e-3
