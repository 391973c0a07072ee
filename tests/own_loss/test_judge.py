"""From gradients and slopes to verdicts: kinks, zeros, jumps and float32 inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.functions import ARRAYS, Arrays, X, changed, relu, right_function, square

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
