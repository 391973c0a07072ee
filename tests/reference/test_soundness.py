"""Saturated activations and losses neither overflow nor lose digits."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from bptt_reference.activations import ACTIVATIONS
from bptt_reference.losses import LOSSES

POINTS = (0.0, 1e-300, 1e-9, 0.3, 1.0, 5.0, 19.5, 40.0, 300.0, 353.0, 700.0)
EXTREMES = (710.0, 745.0, 1e5, 1e300, np.inf)


def exact(name: str, a: float) -> tuple[Decimal, Decimal]:
    """Value and slope of sigmoid or tanh in 60 digits, by e^a alone."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 400, 10**9, -(10**9)
        e = Decimal(a).exp()
        if name == "sigmoid":
            return e / (1 + e), e / (1 + e) ** 2
        return (e - 1 / e) / (e + 1 / e), 4 / (e + 1 / e) ** 2


def evaluate(name: str, points: Any, dtype: Any = np.float64) -> tuple[Any, Any]:
    """Value and slope by the reference."""
    a = np.array(points, dtype)
    value, slope = np.empty_like(a), np.empty_like(a)
    ACTIVATIONS[name].value(a, value)
    ACTIVATIONS[name].slope(a, value, slope)
    return value, slope


def relative_error(want: Decimal, got: Any) -> float:
    return float(abs(Decimal(float(got)) / want - 1)) if want else float(abs(got))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_values_and_slopes_keep_their_digits(name: str, dtype: Any) -> None:
    """From -700 to 700 every value and slope is right to a few units of the last place."""
    eps, top = np.finfo(dtype).eps, 700.0 if dtype is np.float64 else 80.0
    points = [s * a for a in POINTS for s in (1, -1) if abs(a) <= top]
    points = [float(dtype(a)) for a in points]
    tiny = float(np.finfo(dtype).tiny)
    for a, value, slope in zip(points, *evaluate(name, points, dtype), strict=True):
        for want, got in zip(exact(name, a), (value, slope), strict=True):
            if abs(want) > tiny or want == 0:
                assert relative_error(want, got) < 8 * eps, (a, want, got)


def test_sigmoid_of_minus_700_keeps_its_digits() -> None:
    """The logistic function is right to a relative 1e-15 where it is about 1e-304."""
    (value,), _ = evaluate("sigmoid", [-700.0])

    assert relative_error(exact("sigmoid", -700.0)[0], value) < 1e-15


def test_textbook_formulas_lose_every_digit_of_a_slope() -> None:
    """`s*(1-s)` and `1-y*y` are off by their whole size at a = 40; so the test can tell."""
    for name in ("sigmoid", "tanh"):
        (value,), _ = evaluate(name, [40.0])
        textbook = value * (1 - value) if name == "sigmoid" else 1 - value * value

        assert relative_error(exact(name, 40.0)[1], textbook) > 0.9


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_extreme_values_are_finite_and_do_not_warn(name: str) -> None:
    """Far outside, values are the limits and slopes vanish, without a floating point warning."""
    points = [s * a for a in EXTREMES for s in (1, -1)]
    value, slope = evaluate(name, points)
    limits = {"sigmoid": (1.0, 0.0), "tanh": (1.0, -1.0)}

    if name in limits:
        assert np.allclose(
            np.where(np.array(points) > 0, *limits[name]), value, rtol=0, atol=1e-300
        )
        assert (slope < 1e-300).all()
        assert (slope >= 0).all()
    else:
        assert not np.isnan(value).any()


def test_relu_has_slope_zero_at_zero() -> None:
    """relu'(0) = 0, also for -0.0."""
    value, slope = evaluate("relu", [0.0, -0.0, 1e-300, -1e-300])

    assert value.tolist() == [0.0, 0.0, 1e-300, 0.0]
    assert slope.tolist() == [0.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("gap", [0.1, 30.0, 50.0, 700.0])
def test_confident_cross_entropy_keeps_its_digits(gap: float) -> None:
    """A right prediction's loss log(1 + e^-gap) and gradient keep their relative accuracy."""
    loss, y_bar = LOSSES["cross_entropy"](np.array([[gap, 0.0], [0.0, gap]]), np.array([0, 0]))
    e = (-Decimal(gap)).exp()
    with localcontext() as context:
        context.prec = 400
        right, p = (1 + e).ln(), e / (1 + e)
        wrong = Decimal(gap) + right

        assert relative_error(right + wrong, loss) < 4e-16
        assert relative_error(-p, y_bar[0, 0]) < 1e-15
        assert relative_error(p, y_bar[0, 1]) < 1e-15
        assert relative_error(p - 1, y_bar[1, 0]) < 1e-15
    alone, _ = LOSSES["cross_entropy"](np.array([[gap, 0.0]]), np.array([0]))
    assert relative_error(right, alone) < 1e-15


@pytest.mark.parametrize("y", [-700.0, -40.0, -0.1, 0.0, 0.1, 40.0, 700.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_confident_binary_cross_entropy_keeps_its_digits(y: float, target: float) -> None:
    """Loss and gradient of a single logit are right to the last digits on both sides."""
    loss, y_bar = LOSSES["bce"](np.array([[y]]), np.array([[target]]))
    signed = Decimal(y if target == 0 else -y)
    with localcontext() as context:
        context.prec = 700
        e = signed.exp()

        assert relative_error((1 + e).ln(), loss) < 1e-15
        assert relative_error((e / (1 + e)) * (1 if target == 0 else -1), y_bar[0, 0]) < 1e-15


@pytest.mark.parametrize("loss", ["cross_entropy", "bce"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_saturated_nets_stay_finite_and_do_not_warn(
    cell: str, loss: str, dtype: str, draw: Any
) -> None:
    """With weights a thousand times too large everything stays finite and nothing warns."""
    case = draw(cell=cell, loss=loss, scale=1e3, dtype=dtype)
    value, grads = loss_and_grads(case)

    assert np.isfinite(value)
    assert all(np.isfinite(g).all() for g in grads.values())


def test_the_gradient_of_a_saturated_unit_keeps_its_digits(draw: Any) -> None:
    """One saturated unit: the gradient is tanh'(a), a number near 1e-17, to full accuracy."""
    case = draw(cell="rnn", T=1, B=1, D=1, H=1, bias=False)
    case.params = {"W_xh_l0": np.array([[20.0]]), "W_hh_l0": np.array([[0.0]])}
    case.x, case.h0 = np.ones((1, 1, 1)), np.zeros((1, 1, 1))
    case.targets, case.cotangent_h_n = np.ones((1, 1, 1)), None
    _, grads = loss_and_grads(case)

    assert relative_error(exact("tanh", 20.0)[1], grads["W_xh_l0"][0, 0]) < 1e-15
