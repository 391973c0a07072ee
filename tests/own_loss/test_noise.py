"""The digits of a function, measured from its own values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bptt_check.own_loss.noise import measure_noise, noise_along
from bptt_check.own_loss.point import Caller, read_point

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
    call = Caller(lambda a: cubes(a, inside), read_point(X, None))
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

    one, other = (
        measure_noise(Caller(f, read_point(X, None)), *f(X), np.random.default_rng(0))
        for f in (cubes, scaled)
    )

    assert other.loss == pytest.approx(scale * one.loss, rel=0.5)
    assert np.allclose(other.grads["x"] / scale, one.grads["x"], rtol=3.0, atol=0.0)
