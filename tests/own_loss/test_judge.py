"""From gradients and slopes to verdicts: kinks, zeros, jumps and float32 inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.functions import ARRAYS, Arrays, Function, X, changed, relu, right_function, square

import bptt_check as bc


def test_an_array_without_influence_has_gradient_zero() -> None:
    """Exactly zero is decided; anything else beside it is wrong."""
    arrays = {**X, "unused": np.ones(2)}

    def first(a: Arrays) -> Any:
        return square({"x": a["x"]})

    zero = bc.verify_function(changed(lambda v, g: (v, {**g, "unused": [0, 0]}), first), arrays)
    one = bc.verify_function(changed(lambda v, g: (v, {**g, "unused": [0, 1]}), first), arrays)

    assert zero.rows[1].reason == "exactly zero, as the loss does not depend on it here"
    assert (zero.verdict, one.verdict) == ("pass", "fail")
    assert "wrong: unused (1 of 2)" in one.message


def test_float32_inside_is_imprecise() -> None:
    """The formula is right; the digits are lost in the gradient alone, or in the loss as well."""
    coarse = changed(
        lambda v, g: (
            v,
            {n: np.asarray(a).astype("float32").astype("float64") for n, a in g.items()},
        )
    )
    gradient = bc.verify_function(coarse, ARRAYS)
    both = bc.verify_function(lambda a: right_function(a, np.float32), ARRAYS)

    assert (gradient.verdict, both.verdict) == ("imprecise", "imprecise")
    assert "errors are no larger than those of float32 inside" in gradient.message
    assert "the loss has fewer digits than its arrays" in both.message


def test_a_slightly_wrong_formula_is_not_imprecise() -> None:
    """One factor for all entries is no rounding, however small it is."""
    wrong = changed(lambda v, g: (v, {n: a * (1 + 3e-8) for n, a in g.items()}))

    assert bc.verify_function(wrong, ARRAYS).verdict == "fail"


@pytest.mark.parametrize(("at_zero", "verdict"), [(0.0, "pass"), (1.0, "pass"), (-0.5, "fail")])
def test_at_a_kink_any_subgradient_is_right(at_zero: float, verdict: str) -> None:
    """And it is said that there was one."""
    arrays = {"x": np.array([0.0, 1.0, -1.0, 0.0])}
    report = bc.verify_function(lambda a: relu(a, at_zero), arrays)

    assert report.verdict == verdict
    assert report.coverage["x"].kinks == 2
    assert report.rows[0].decided == 1
    assert "  at a kink: x, 2 of 4 entries, where any value between the" in report.message


def test_function_with_nothing_but_kinks_is_inconclusive() -> None:
    """Every value from 0 to 1 would have passed."""
    report = bc.verify_function(relu, {"x": np.zeros(2)})

    assert report.verdict == "inconclusive"
    assert "  x: a kink: any derivative between 0 and 1 is right\n" in report.message


def test_a_loss_with_jumps_is_inconclusive() -> None:
    """A loss that moves by 1 when its array moves in the last place has no digits to difference."""
    report = bc.verify_function(lambda a: (np.floor(a["x"]).sum(), {"x": [0.0]}), {"x": [1.0]})

    assert report.verdict == "inconclusive"
    assert "the true gradient lies below the budget" in report.message


def sinc(factor: float) -> Function:
    """Whose slope is a difference of large numbers beside zero."""

    def function(a: Arrays) -> Any:
        x = a["x"]
        return (np.sin(x) / x).sum(), {"x": factor * (np.cos(x) / x - np.sin(x) / x**2)}

    return function


def cosine(factor: float) -> Function:
    """The same kind: one minus a cosine over a square."""

    def function(a: Arrays) -> Any:
        x = a["x"]
        slope = np.sin(x) / x**2 - 2 * (1 - np.cos(x)) / x**3
        return (np.sinc(x / np.pi / 2) ** 2).sum() / 2, {"x": factor * slope}

    return function


@pytest.mark.parametrize(("function", "small"), [(sinc, 1e-8), (sinc, 1e-7), (cosine, 1e-3)])
def test_formula_in_which_large_terms_cancel_is_imprecise(function: Any, small: float) -> None:
    """It moves by as much as it is off; a factor beside that is wrong."""
    arrays = {"x": np.array([small, 0.1, 1.0])}
    report = bc.verify_function(function(1.0), arrays)

    assert report.verdict == "imprecise"
    assert "do large terms cancel in it?" in report.message
    assert bc.verify_function(function(1.01), arrays).verdict == "fail"


def test_gradient_of_float64_beside_float32_has_the_digits_of_float32() -> None:
    """A thousandth is wrong in either."""
    own = np.random.default_rng(5)
    arrays = {"W": own.normal(size=(4, 5)).astype("float32"), "b": own.normal(size=4)}
    x = own.normal(size=(5, 7)).astype("float32")

    def layer(a: Arrays) -> Any:
        h = np.tanh(a["W"] @ x.astype(a["W"].dtype) + a["b"][:, None])
        bar = (2 * h * (1 - h**2)).astype(a["W"].dtype)
        return (h * h).sum(), {"W": (bar @ x.T).astype(a["W"].dtype), "b": bar.sum(1).astype("f8")}

    def wrong(name: str) -> Function:
        return changed(
            lambda v, g: (v, {**g, name: (1.001 * g[name]).astype(g[name].dtype)}), layer
        )

    assert bc.verify_function(layer, arrays).passed
    assert [bc.verify_function(wrong(n), arrays).verdict for n in "Wb"] == ["fail", "fail"]


def test_one_factor_of_two_entries_is_no_rounding() -> None:
    """Two entries of a loss so steep that float32 would leave as much."""

    def steep(a: Arrays) -> Any:
        x = a["x"]
        return np.sin(1e3 * x).sum(), {"x": 1.00003 * 1e3 * np.cos(1e3 * x)}

    report = bc.verify_function(steep, {"x": np.array([0.3, 0.9])})
    assert report.verdict == "fail"
