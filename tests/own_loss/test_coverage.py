"""How many entries were decided, why the others were not, and when that is too few to pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.functions import Arrays, Function, changed, relu

import bptt_check as bc


def power(exponent: float) -> Function:
    """The sum of powers of non-negative numbers."""

    def function(a: Arrays) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            x = a["x"]
            return (x**exponent).sum(), {"x": exponent * x ** (exponent - 1)}

    return function


def last_wrong(function: Function) -> Function:
    """The function with a wrong last entry."""
    return changed(lambda v, g: (v, {"x": [*g["x"][:-1], 2.0 * g["x"][-1] + 1.0]}), function)


def with_cusp(a: Arrays) -> Any:
    """Its slope has no bound where the last entry is 0."""
    return (a["x"] ** 2).sum() + np.sqrt(np.abs(a["x"][-1])), {"x": 2 * a["x"]}


@pytest.mark.parametrize("small", [1e-2, 1e-6, 1e-12])
def test_entry_beside_the_edge_of_a_domain_is_decided(small: float) -> None:
    """Steps become as small as it needs, and a wrong entry is seen."""
    arrays = {"x": np.array([1.0, small])}
    report = bc.verify_function(power(0.5), arrays)

    assert report.passed
    assert "x: 2 of 2 entries decided" in report.message
    assert bc.verify_function(last_wrong(power(0.5)), arrays).verdict == "fail"


@pytest.mark.parametrize(
    ("function", "last", "reason"),
    [
        (power(1.5), 0.0, "the loss is not finite beside this point"),
        (power(2.5), 0.0, "the loss is not finite beside this point"),
        (with_cusp, 0.0, "the loss jumps here, or has no finite one-sided derivative"),
    ],
)
def test_important_share_that_is_undecided_is_inconclusive(
    function: Function, last: float, reason: str
) -> None:
    """One entry of two, and it is right or wrong; one of ten passes, and says so."""
    two, ten = np.array([2.0, last]), np.array([*np.linspace(1.1, 2.1, 9), last])

    for asked in (function, last_wrong(function)):
        report = bc.verify_function(asked, {"x": two})
        assert report.verdict == "inconclusive"
        assert f"  x: {reason}\n" in report.message
        assert "  x: 1 of 2 entries decided\n" in report.message

    report = bc.verify_function(function, {"x": ten})
    assert report.passed
    assert "  x: 9 of 10 entries decided\n" in report.message
    assert f"  not decided: x, 1 of 10 entries: {reason}" in report.message
    assert [u.entries for u in report.coverage["x"].undecided] == [1]


def test_entry_below_its_budget_is_undecided_unless_it_is_zero() -> None:
    """A loss that is so large that the second entry drowns; a dead unit is known to be zero."""

    def drowned(a: Arrays, share: float = 1e-9) -> Any:
        return 1e6 + (a["x"] * [1.0, share]).sum(), {"x": np.array([1.0, share])}

    arrays = {"x": np.array([0.5, 0.5])}
    small = bc.verify_function(drowned, arrays)
    zero = bc.verify_function(lambda a: drowned(a, 0.0), arrays)

    assert (small.verdict, zero.verdict) == ("inconclusive", "pass")
    assert "x: vacuous: the true gradient lies below the budget" in small.message
    assert "x: 2 of 2 entries decided" in zero.message


def test_entries_decided_by_a_subgradient_are_counted_as_that() -> None:
    """They are neither decided nor undecided."""
    report = bc.verify_function(relu, {"x": np.array([0.0, 1.0, -1.0, 0.0])})
    coverage = report.coverage["x"]

    assert (coverage.decided, coverage.kinks, coverage.undecided) == (2, 2, ())
    assert "x: 2 of 4 entries decided\n  at a kink: x, 2 of 4 entries" in report.message
