"""Balls hold what plain code comes to, and its gradients; where they cannot, it is said why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from support.numpy_expressions import OF_TWO, OF_X, function_of
from support.plain_code import cotangents_of, drawn

from bptt_check.cases.types import Array
from bptt_check.errors import LeftAlone
from bptt_check.recurrences.numpy_code import NumPyCode

flint = pytest.importorskip("flint")

ARRAYS = drawn(x=(3, 4), v=(4,), A=(2, 3, 4), B=(2, 4, 5), m=(4, 4), h=(3,), w=(3, 3))
BITS = 200
LEFT_ALONE = ("np.sort", "np.arctan2", "np.sign", "np.ceil")
"""What expressions call that has no balls."""


def enclosed(function: Callable[..., Any], arrays: Mapping[str, Any]) -> tuple[Any, Any]:
    """Outputs and gradients in balls, and in float64."""
    code = NumPyCode(function)
    bars = cotangents_of(code.outputs(arrays))
    with flint.ctx.workprec(BITS):
        found = code.enclosed(arrays, bars, list(arrays))
    return found, code.gradients(arrays, bars, list(arrays))


def assert_enclosed(function: Callable[..., Any], arrays: Mapping[str, Any]) -> None:
    """The balls are far narrower than float64, and hold what it comes to, but for its rounding."""
    found, plain = enclosed(function, arrays)
    for balls, floats in ((found.outputs, plain.outputs), (found.grads, plain.grads)):
        assert list(balls) == list(floats)
        for name, expected in floats.items():
            assert balls[name].shape == expected.shape
            for ball, number in zip(balls[name].flat, expected.flat, strict=True):
                ball = flint.arb(ball)
                assert ball.rad() < 1e-50
                assert abs(float(ball) - number) <= 1e-12 * max(1.0, abs(number)), name


def is_left_alone(expression: str) -> bool:
    return any(name in expression for name in LEFT_ALONE)


@pytest.mark.parametrize("expression", [e for e in OF_X if not is_left_alone(e)])
def test_functions_of_one_array(expression):
    assert_enclosed(function_of(expression, "x"), {"x": ARRAYS["x"]})


@pytest.mark.parametrize("expression", [e for e in OF_TWO if not is_left_alone(e)])
def test_functions_of_two_arrays(expression):
    assert_enclosed(function_of(expression, "x", "v"), {n: ARRAYS[n] for n in ("x", "v")})


@pytest.mark.parametrize("expression", [e for e in OF_X + OF_TWO if is_left_alone(e)])
def test_functions_that_are_left_alone(expression):
    with pytest.raises(LeftAlone, match=r"the reference uses np\.\w+, which is not run on balls"):
        enclosed(function_of(expression, "x", "v"), {n: ARRAYS[n] for n in ("x", "v")})


def written_and_read(x, h, w):
    out = np.empty((3, 4, 3))
    total = np.zeros_like(h)
    for t in range(4):
        h = np.tanh(w @ h + x[:, t])
        out[:, t] = h
        out[:, t, 0] *= 0.1
        total += h[[0, 0, 2]]
        total[1] = 0.1
    out[0, 0] = 0.3
    return out, total * 0.1, np.full(3, 0.1) * 0.1


def test_writing_into_arrays():
    """Numbers that the code writes are balls as well: 0.1 * 0.1 is not that of float64."""
    assert_enclosed(written_and_read, {n: ARRAYS[n] for n in ("x", "h", "w")})


def test_numbers_are_computed_with_exactly():
    """0.1 * 0.1 of float64 lies outside."""
    found, _ = enclosed(lambda x: np.full(3, 0.1) * 0.1 + 0.0 * x[:3, 0], {"x": ARRAYS["x"]})
    with flint.ctx.workprec(BITS):
        product = found.outputs["output"][0]
        assert product.contains(flint.arb(0.1) * flint.arb(0.1))
        assert not product.contains(flint.arb(0.1 * 0.1))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * 2.0 if np.exp(x[0, 0]) > 1.0 else x,
        lambda x: np.where(np.exp(x) > 1.0, x, 0.0),
        lambda x: np.tanh(x) * (np.tanh(x) <= 0.3),
    ],
)
def test_a_branch_that_balls_decide_is_taken(function):
    assert_enclosed(function, {"x": ARRAYS["x"]})


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: np.where(np.exp(x) == np.exp(x * 1.0), x, 0.0), "that rounding could change"),
        (lambda x: x[np.argsort(np.exp(x[:, 0]))], "that rounding could change"),
        (lambda x: np.max(x * 0.0 + 1.0), "some of which are equal"),
        (lambda x: np.max(np.exp(x * 0.0) - 1e-99), "some of which are equal|could reorder"),
    ],
)
def test_a_branch_that_they_do_not_decide_is_left_alone(function, words):
    with pytest.raises(LeftAlone, match=words):
        enclosed(function, {"x": ARRAYS["x"]})


def test_at_a_kink_every_slope_is_enclosed():
    """Of relu at zero, and of a maximum of equal numbers: from none of the cotangent to all."""
    code = NumPyCode(lambda x: (np.maximum(x, 0.0), np.minimum(x, x[::-1]), np.abs(x)))
    bars = {f"output[{i}]": np.array([1.0, 1.0]) for i in range(3)}

    def grad(i: int, x: Array) -> Any:
        with flint.ctx.workprec(BITS):
            name = f"output[{i}]"
            return code.enclosed({"x": x}, {name: bars[name]}, ["x"]).grads["x"][0]

    assert all(grad(0, np.array([0.0, 1.0])).contains(flint.arb(s)) for s in (0, 0.5, 1))
    assert all(grad(2, np.array([0.0, 1.0])).contains(flint.arb(s)) for s in (-1, 0, 1))
    assert grad(0, np.array([2.0, 1.0])) == 1
    assert grad(1, np.array([2.0, 1.0])) == 0
