"""Differences are measured entry by entry, without an opinion."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.result import Result
from bptt_check.verdicts.difference import Difference, differences


def difference(got: object, want: object) -> Difference:
    """The difference of two lists of numbers."""
    return Difference("b_y", np.array(got, dtype=float), np.array(want, dtype=float))


def test_error_is_absolute():
    """The error has no sign."""
    assert difference([1.0, 2.0, 3.0], [1.5, 2.0, 2.0]).error.tolist() == [0.5, 0.0, 1.0]


@pytest.mark.parametrize(
    ("got", "want", "relative"),
    [
        (1.1, 1.0, 0.1),
        (-1.0, 1.0, 2.0),
        (0.0, 0.0, 0.0),
        (1e-300, 0.0, np.inf),
        (0.0, 1e-300, 1.0),
        (2e-310, 1e-310, 1.0),
    ],
)
def test_relative_error(got, want, relative):
    """Relative to the expected size; where that is zero, zero or infinite, and never a warning."""
    assert difference([got], [want]).relative[0] == pytest.approx(relative, rel=1e-6)


@pytest.mark.parametrize(("dtype", "spacing"), [("float64", 2.0**-52), ("float32", 2.0**-23)])
def test_ulps_are_those_of_the_dtype(dtype, spacing):
    """One unit in the last place of the expected value."""
    found = difference([1.0 + 3 * spacing, 0.0], [1.0, 0.0]).ulps(dtype)

    assert found.tolist() == [3.0, 0.0]


@pytest.mark.parametrize(("dtype", "least"), [("float64", 5e-324), ("float32", 1.4e-45)])
def test_an_ulp_of_zero_is_the_smallest_number(dtype, least):
    """So an error at zero counts very many of them."""
    assert difference([1e-30], [0.0]).ulps(dtype)[0] == pytest.approx(1e-30 / least, rel=0.05)


def test_huge_errors_in_ulps_do_not_warn():
    """The quotient may be infinite."""
    assert difference([1e300], [0.0]).ulps("float64")[0] == np.inf


def test_differences_are_in_the_order_of_the_expected():
    """Whatever the subject offers is compared, in the order of the oracle, and nothing else."""
    want = Result(0.0, {n: np.zeros(1) for n in ("W", "b", "x", "h0")})
    got = Result(0.0, {n: np.ones(1) for n in ("h0", "b", "W", "more")})
    found = differences(got, want)

    assert list(found) == ["W", "b", "h0"]
    assert [d.parameter for d in found.values()] == ["W", "b", "h0"]
    assert all(d.error[0] == 1.0 for d in found.values())
