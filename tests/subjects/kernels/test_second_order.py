"""The gradients of a kernel as a function whose derivatives are checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.errors import SpecError, UnknownName
from bptt_check.subjects.kernels.second_order import cotangent, gradients_of

torch = pytest.importorskip("torch")

INPUTS = bc.Inputs(x="T K", decay=bc.between(0, 1, "K"), sizes={"T": (1, 6), "K": (1, 3)}, time="T")


def cubes(x: torch.Tensor, decay: torch.Tensor) -> Any:
    """h_t = decay h_{t-1} + x_t^3, which has second derivatives."""
    h, states = torch.zeros_like(decay), []
    for x_t in x:
        h = decay * h + x_t**3
        states.append(h)
    return torch.stack(states)


class Cubes(torch.autograd.Function):
    """A backward pass by hand that can be differentiated, or whose second derivative is lost."""

    @staticmethod
    def forward(ctx: Any, x: Any, decay: Any, forgets: bool) -> Any:
        states = cubes(x, decay)
        ctx.save_for_backward(x, decay, states)
        ctx.forgets = forgets
        return states

    @staticmethod
    def backward(ctx: Any, bar: Any) -> Any:
        x, decay, _ = ctx.saved_tensors
        if ctx.forgets:
            x = x.detach()
        states = cubes(x, decay)
        h_bar, x_bar, decay_bar = torch.zeros_like(decay), [], torch.zeros_like(decay)
        for t in reversed(range(len(x))):
            h_bar = h_bar + bar[t]
            x_bar.append(3 * x[t] ** 2 * h_bar)
            if t:
                decay_bar = decay_bar + h_bar * states[t - 1]
            h_bar = decay * h_bar
        return torch.stack(x_bar[::-1]), decay_bar, None


def twice_differentiable(x: torch.Tensor, decay: torch.Tensor) -> Any:
    """The right kernel."""
    return Cubes.apply(x, decay, False)


def forgetful(x: torch.Tensor, decay: torch.Tensor) -> Any:
    """Its gradient is right, the derivative of that is not: x is taken for a constant."""
    return Cubes.apply(x, decay, True)


def once(x: torch.Tensor, decay: torch.Tensor) -> Any:
    """Differentiable once."""
    return _Once.apply(x, decay)


class _Once(torch.autograd.Function):
    forward = staticmethod(lambda ctx, x, decay: Cubes.forward(ctx, x, decay, False))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, bar: Any) -> Any:
        return Cubes.backward(ctx, bar)[:2]


def verdict(kernel: Any, order: int) -> Any:
    """Of a few cases in float64."""
    return bc.verify_against(kernel, cubes, INPUTS, 6, ("float64",), order=order)


def test_a_gradient_that_can_be_differentiated_passes() -> None:
    report = verdict(twice_differentiable, 2)
    assert report.passed, report.message
    assert {"output.x_bar", "x", "decay"} <= set(report.table["parameter"])


def test_a_lost_second_derivative_is_found_and_said_again() -> None:
    assert verdict(forgetful, 1).passed
    report = verdict(forgetful, 2)
    assert report.verdict == "fail"
    assert "the gradient of x" in report.message
    assert "order=2" in report.message


def test_what_is_differentiable_once_fails() -> None:
    """PyTorch raises nothing where the cotangent is a constant: the derivative is zero."""
    assert verdict(once, 1).passed
    report = verdict(once, 2)
    assert report.verdict == "fail"
    assert "is zero everywhere" in report.message


@pytest.mark.parametrize("kernel", [bc.Vjp(lambda x: (x, ()), lambda r, c: {"x": c})])
def test_numpy_has_no_second_order(kernel: Any) -> None:
    with pytest.raises(SpecError, match=r"order=2 .* torch or JAX"):
        bc.verify_against(kernel, cubes, INPUTS, 2, order=2)


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"order.*3"):
        verdict(twice_differentiable, 3)


def test_gradients_of_jax_are_those_of_a_formula() -> None:
    jnp = pytest.importorskip("jax.numpy")

    def function(x: Any) -> Any:
        return jnp.sin(x)

    x = np.array([0.5, -1.0])
    found = gradients_of(function, ("x",))(x=jnp.asarray(x))
    np.testing.assert_allclose(found["x_bar"], cotangent((2,)) * np.cos(x), rtol=1e-6)


def test_cotangents_are_numbers_that_every_dtype_has() -> None:
    drawn = cotangent((64, 3))
    assert np.all(drawn * 4 == np.rint(drawn * 4))
    assert np.all(drawn != 0)
    np.testing.assert_array_equal(drawn, cotangent((64, 3)))
