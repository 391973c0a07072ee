"""Errors in budgets: one definition for rows, profiles and the agreement of oracles."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.verdicts.budget import ratio


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
