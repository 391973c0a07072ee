"""The Taylor test: order 2 where a gradient is right, order 1 where it is not, else a reason."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.errors import SpecError
from bptt_check.own_loss.taylor import EVERYTHING, random_signs, taylor_of

P = {"a": np.array([0.3, -1.2, 0.7]), "b": np.array([[0.5, 2.0]])}


def loss(inputs: dict[str, Any]) -> float:
    """A smooth function of both."""
    return float(np.exp(inputs["a"]).sum() * np.tanh(inputs["b"]).sum() + (inputs["a"] ** 3).sum())


def gradient(inputs: dict[str, Any]) -> dict[str, Any]:
    """Its gradient, by hand."""
    a, b = inputs["a"], inputs["b"]
    return {
        "a": np.exp(a) * np.tanh(b).sum() + 3 * a**2,
        "b": np.exp(a).sum() * (1 - np.tanh(b) ** 2),
    }


RIGHT = gradient(P)


def orders(test: bc.TaylorTest) -> dict[str, float | None]:
    """The order by name; the first direction's."""
    return {c.parameter: c.order for c in reversed(test.curves)}


def test_a_right_gradient_has_order_two():
    """Along everything and along each input, in the range that rounding leaves."""
    test = taylor_of(loss, RIGHT, P)

    assert (test.verdict, test.wrong) == ("pass", ())
    assert list(orders(test)) == ["b", "a", EVERYTHING]
    assert all(order == pytest.approx(2.0, abs=0.1) for order in orders(test).values())


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize("name", ["a", "b"])
def test_a_wrong_gradient_has_order_one(name, size):
    """However small the error is, as long as rounding is smaller, and it is said whose it is."""
    wrong = RIGHT | {name: RIGHT[name] * np.where(np.arange(RIGHT[name].size) == 0, 1 + size, 1.0)}
    test = taylor_of(loss, wrong, P)

    assert (test.verdict, test.wrong) == ("fail", (name,))
    assert orders(test)[EVERYTHING] == pytest.approx(1.0, abs=0.1)
    assert orders(test)[name] == pytest.approx(1.0, abs=0.1)
    assert {c.reason for c in test.curves if c.verdict == "fail"} == {
        "the remainder shrinks like the step, not like its square"
    }


def test_an_input_alone_takes_no_more_steps_than_its_order_needs():
    """The curve along everything goes on until rounding, as does that of a right input."""
    test = taylor_of(loss, RIGHT | {"a": 2.0 * RIGHT["a"]}, P)
    lengths = {c.parameter: len(c.steps) for c in test.curves}

    assert test.wrong == ("a",)
    assert lengths["a"] < 20 < lengths["b"] < lengths[EVERYTHING]


@pytest.mark.parametrize("seed", range(5))
def test_every_direction_sees_a_wrong_gradient(seed):
    """And the same seed takes the same ones."""
    wrong = RIGHT | {"a": RIGHT["a"] + np.array([0.0, 0.01, 0.0])}
    test = taylor_of(loss, wrong, P, directions=3, seed=seed)

    assert [c.verdict for c in test.curves if c.parameter == EVERYTHING] == ["fail"] * 3
    assert test == taylor_of(loss, wrong, P, directions=3, seed=seed)
    assert test.curves[0] != taylor_of(loss, wrong, P, seed=seed + 100).curves[0]


def test_directions_are_of_the_size_of_the_inputs():
    """Signs at random, sizes within a factor of 2; an array of zeros moves by up to 1."""
    given = {"a": np.full(200, 1e-3), "b": np.zeros(3)}
    direction = random_signs(given, given, (0, 0))

    assert 5e-4 <= np.abs(direction["a"]).min() < np.abs(direction["a"]).max() <= 1e-3
    assert 60 < (direction["a"] > 0).sum() < 140
    assert 0.5 <= np.abs(direction["b"]).min() <= np.abs(direction["b"]).max() <= 1.0


def test_the_range_ends_where_rounding_begins():
    """Every step used is above rounding, the next smaller one is not."""
    for curve in taylor_of(loss, RIGHT, P).curves:
        used = slice(curve.first, curve.last)
        assert all(r > n for r, n in zip(curve.remainders[used], curve.rounding[used], strict=True))
        assert curve.remainders[curve.last] <= curve.rounding[curve.last]


# --- what cannot be decided ---------------------------------------------------------------------


def test_noise_of_the_loss_leaves_no_range():
    """The larger of what is known and what is measured counts, and is not called an order."""
    rng = np.random.default_rng(0)

    def noisy(inputs: dict[str, Any]) -> float:
        return loss(inputs) + 0.05 * rng.standard_normal()

    told = taylor_of(loss, RIGHT, P, noise=0.05)
    measured = taylor_of(noisy, RIGHT, P)

    for test in (told, measured):
        assert test.verdict == "inconclusive"
        assert any(c.reason.startswith("rounding leaves ") for c in test.curves)
        assert "fail" not in {c.verdict for c in test.curves}


def test_a_loss_in_single_precision_has_a_short_range():
    """It is measured, though nobody said so, and right and wrong are still told apart."""

    def single(inputs: dict[str, Any]) -> float:
        return loss({n: a.astype("f4") for n, a in inputs.items()})

    right = taylor_of(single, RIGHT, P)
    wrong = taylor_of(single, RIGHT | {"b": 1.5 * RIGHT["b"]}, P)

    assert right.verdict != "fail"
    assert len(right.curves[0].steps) < len(taylor_of(loss, RIGHT, P).curves[0].steps)
    assert (wrong.verdict, wrong.wrong) == ("fail", ("b",))


@pytest.mark.parametrize("factor", [1.0, 1.001])
def test_linear_loss_passes_unless_its_gradient_is_wrong(factor):
    """A remainder that is rounding at every step is a right gradient; a wrong one still shows."""
    weights = np.array([0.3, -1.2, 0.7])
    test = taylor_of(lambda p: float(weights @ p["a"]), {"a": factor * weights}, {"a": P["a"]})
    (curve,) = test.curves

    if factor == 1.0:
        assert (curve.verdict, curve.order) == ("pass", None)
        assert curve.reason.startswith("linear along this direction: the remainder is rounding")
    else:
        assert (curve.verdict, curve.order) == ("fail", pytest.approx(1.0, abs=0.05))


@pytest.mark.parametrize("slope", [0.0, 1e-6])
def test_flat_loss_is_inconclusive_unless_its_gradient_is_wrong(slope):
    """Nothing that could have shown an error; a gradient that says otherwise is wrong."""
    test = taylor_of(lambda p: 3.0, {"a": np.full(3, slope) * [1, 1, 2]}, {"a": P["a"]})

    assert test.verdict == ("fail" if slope else "inconclusive")
    assert slope or test.curves[0].reason.startswith("flat: nothing changes")


def relu(inputs: dict[str, Any]) -> float:
    """A kink at 0, and something smooth beside it."""
    return float(np.maximum(inputs["a"], 0.0).sum() + (inputs["a"] ** 2).sum())


def slope_of_relu(a: Any, at_0: float) -> dict[str, Any]:
    """Any element of the subdifferential there."""
    return {"a": np.where(a == 0, at_0, a > 0) + 2 * a}


@pytest.mark.parametrize("at_0", [0.0, 0.5, 1.0])
def test_a_kink_at_the_point_decides_nothing(at_0):
    """Whatever is chosen there, neither side is the whole truth."""
    a = np.array([0.0, 0.7, -0.4])
    test = taylor_of(relu, slope_of_relu(a, at_0), {"a": a})

    assert test.verdict == "inconclusive"
    assert "kink" in test.curves[0].reason or at_0 != 0.5


def test_a_kink_beside_the_point_only_cuts_the_range():
    """Steps short of it decide; so does a wrong slope."""
    a = np.array([2.0**-9, 0.7, -0.4])

    assert taylor_of(relu, slope_of_relu(a, 0.0), {"a": a}).verdict == "pass"
    assert taylor_of(relu, {"a": np.ones(3) + 2 * a}, {"a": a}).verdict == "fail"


def test_a_loss_that_is_not_finite_has_no_order():
    """It is said why there is no curve."""
    with pytest.raises(bc.BpttCheckError, match="the loss is nan near the point"):
        taylor_of(lambda p: math.nan, {"a": P["a"]}, {"a": P["a"]})


def test_error_hidden_by_curvature_shows_in_the_odd_part():
    """Where the square of the step is larger all along, the odd part still has order 1."""
    bent = {"a": np.array([1.0])}

    def curved(inputs: dict[str, Any]) -> float:
        return float((inputs["a"] + 1e4 * (inputs["a"] - 1.0) ** 2).sum())

    test = taylor_of(curved, {"a": np.array([1.01])}, bent, noise=1e-6)
    right = taylor_of(curved, {"a": np.array([1.0])}, bent, noise=1e-6)

    assert (test.verdict, right.verdict) == ("fail", "pass")
    assert test.curves[0].reason == "the part of it that changes sign shrinks like the step"
    assert test.curves[0].order == pytest.approx(1.0, abs=0.1)
    assert right.curves[0].order == pytest.approx(2.0, abs=0.1)


def test_number_of_directions_must_be_positive():
    """None is no test."""
    with pytest.raises(SpecError, match=r"^directions must be an integer of at least 1, got 0"):
        taylor_of(loss, RIGHT, P, directions=0)
