"""The digits of a function, measured from its own values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.functions import of_one_number, through

import bptt_check as bc
from bptt_check.own_loss.differencing.noise import Noise, measure_noise, noise_along
from bptt_check.own_loss.point import Caller, read_point
from bptt_check.own_loss.trees import read_form

rng = np.random.default_rng(0)
X = {"x": rng.normal(size=(3, 4))}


def cubes(a: dict[str, Any], inside: str = "float64") -> Any:
    """A loss and its gradient, in an arithmetic of its own."""
    x = a["x"].astype(inside)
    return float((x**3).sum()), {"x": (3 * x**2).astype("float64")}


# --- along a line -------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1e-9, 1e-5])
def test_noise_along_a_line_is_what_was_added(level: float) -> None:
    """High differences see the noise that was put in, and not the function."""
    rng = np.random.default_rng(1)
    noise = noise_along(lambda t: math.exp(t) + level * rng.standard_normal(), 2.0**-28)

    assert level / 5 < noise < 5 * level


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_noise_along_a_line_is_at_least_one_rounding(scale: float) -> None:
    """At every scale, and no more than a few for a smooth function."""
    ulp = float(np.finfo(np.float64).eps) * scale
    noise = noise_along(lambda t: scale * math.exp(t), 2.0**-28)

    assert ulp <= noise < 5 * ulp


def test_noise_along_a_line_grows_its_step_until_the_value_changes() -> None:
    """A function in single precision does not move by 2^-40, and has noise all the same."""
    noise = noise_along(lambda t: float(np.float32(math.exp(0.3 + t))), 2.0**-40)

    assert 2.0**-27 < noise < 2.0**-22


# --- at a point ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("inside", "unit"), [("float64", 2.0**-53), ("float32", 2.0**-24)])
def test_noise_at_a_point_is_that_of_the_arithmetic_inside(inside: str, unit: float) -> None:
    """The arrays are float64 both times; what is coarser than they are is called so."""
    call = Caller(lambda a: cubes(a, inside), read_point(read_form(X), None))
    loss, grads = cubes(X, inside)
    noise = measure_noise(call, loss, grads, np.random.default_rng(0))
    size = float(np.abs(X["x"] ** 3).sum())

    assert 0.1 * unit * abs(loss) < noise.loss < 100 * unit * size
    assert noise.is_coarser == (inside == "float32")
    assert np.all(noise.grads["x"] >= 2.0**-53 * np.abs(grads["x"]))


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_noise_at_a_point_has_the_scale_of_the_function(scale: float) -> None:
    """Loss and gradients times a number have that many times the noise."""

    def scaled(a: dict[str, Any]) -> Any:
        loss, grads = cubes(a)
        return scale * loss, {n: scale * g for n, g in grads.items()}

    def measured(function: Any) -> Noise:
        loss, grads = function(X)
        call = Caller(function, read_point(read_form(X), None))
        return measure_noise(call, loss, grads, np.random.default_rng(0))

    one, other = measured(cubes), measured(scaled)

    assert other.loss == pytest.approx(scale * one.loss, rel=0.5)
    assert np.allclose(other.grads["x"] / scale, one.grads["x"], rtol=3.0, atol=0.0)


# --- what only looks like noise ------------------------------------------------------------------

STEEP = {
    "pole": (lambda p: 1 / (1 - p), lambda p: 1 / (1 - p) ** 2, 0.9999),
    "log": (lambda p: np.log1p(-p), lambda p: -1 / (1 - p), 1 - 1e-6),
    "root": (lambda p: np.sqrt(1 - p), lambda p: -0.5 / np.sqrt(1 - p), 1 - 1e-8),
    "tanh": (lambda p: np.tanh(1e7 * p), lambda p: 1e7 / np.cosh(1e7 * p) ** 2, 1e-8),
    "power": (lambda p: p**700, lambda p: 700 * p**699, 1.01),
}
"""Name to loss, derivative and place."""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", STEEP)
def test_steepness_is_no_coarse_arithmetic(name: str) -> None:
    """Such a function is right, and one part in a thousand more is wrong."""
    loss, derivative, place = STEEP[name]
    arrays = {"p": np.array(place)}
    right = of_one_number(loss, derivative)
    wrong = of_one_number(loss, lambda p: 1.001 * derivative(p))

    assert bc.verify_function(right, arrays).passed
    assert bc.verify_function(wrong, arrays).verdict == "fail"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_coarse_arithmetic_jumps(dtype: str) -> None:
    """That of float16 too, whose last place is wider than any of the spacings."""
    function, arrays = through(dtype)
    loss, grads = function(arrays)
    noise = measure_noise(
        Caller(function, read_point(read_form(arrays), None)), loss, grads, np.random.default_rng(0)
    )
    unit = float(np.finfo(dtype).eps) / 2

    assert (noise.jumps, noise.is_coarser, noise.has_digits) == (True, True, True)
    assert 0.1 * unit * loss < noise.loss < 30 * unit * loss


@pytest.mark.parametrize("threshold", [0.301, 0.31])
def test_threshold_beside_the_point_is_no_coarse_arithmetic(threshold: float) -> None:
    """A loss that jumps once, somewhere else."""
    loss = of_one_number(lambda p: p**2 + 0.01 * (p > threshold), lambda p: 2 * p)
    report = bc.verify_function(loss, {"p": np.array(0.3)})

    assert report.passed
    assert report.noise < 1e-15
