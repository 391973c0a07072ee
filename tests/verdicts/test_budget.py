"""Budgets are what their formula says, and errors are measured in them in one way."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from support.budgets import U32, U64, budgets_of, difference

from bptt_check.cases.precision import PRECISIONS
from bptt_check.verdicts.budget import Tolerance, ratio
from bptt_check.verdicts.row import judge_gradient


@pytest.mark.parametrize(("dtype", "u"), [("float64", U64), ("float32", U32)])
def test_the_budget_is_its_formula(dtype, u):
    """`units * (u_s k_s + u_64 k_64) + bound`, and what a dtype may flush to zero."""
    budgets = budgets_of(5.0, 32.0, dtype, {"b": np.array([0.0, 1.0, 0.0, np.inf])})
    rounding = 32.0 * (5.0 * u + 5.0 * U64) + PRECISIONS[dtype].tiniest

    assert budgets.of("b").tolist() == [rounding, rounding + 1.0, rounding, np.inf]
    assert budgets.of_loss() == rounding


def test_zero_units_are_zero():
    """Zero means zero and not unset: only the oracle's own bound is left."""
    budgets = budgets_of(5.0, 0.0, bounds={"b": np.full(4, 1e-9)})

    assert np.allclose(budgets.of("b"), 1e-9, rtol=1e-15)
    assert judge_gradient(difference([1e-8, 1, 1, 1], [0, 1, 1, 1]), "o", budgets).verdict == "fail"


def test_the_tolerance_is_one_frozen_number():
    """It is passed whole, and nobody changes it on the way."""
    with pytest.raises(FrozenInstanceError):
        Tolerance().units = 1e9  # type: ignore[misc]


@pytest.mark.parametrize(
    ("error", "budget", "want"),
    [
        (1.0, 4.0, 0.25),
        (0.0, 4.0, 0.0),
        (3.0, np.inf, 0.0),
        (np.inf, np.inf, 0.0),
        (3.0, np.nan, 0.0),
        (np.inf, 4.0, np.inf),
        (1e300, 1e-308, np.inf),
    ],
)
def test_ratio_is_the_error_in_budgets_and_zero_where_the_budget_decides_nothing(
    error, budget, want
):
    """No warning either, for an overflow says what it should."""
    assert ratio(np.array([error]), np.array([budget])).tolist() == [want]


def test_ratio_keeps_an_error_that_is_no_number():
    """It is over every budget, and must not pass for a zero."""
    assert np.isnan(ratio(np.array([np.nan]), np.array([4.0]))).all()
