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


def logistic_map(steps: int, factor: float) -> Function:
    """Whose rounding doubles with every step, and with it that of its gradient."""

    def function(a: Arrays) -> Any:
        x, slope = a["x"], np.ones_like(a["x"])
        for _ in range(steps):
            slope, x = slope * 3.9 * (1 - 2 * x), 3.9 * x * (1 - x)
        return x.sum(), {"x": factor * slope}

    return function


@pytest.mark.parametrize(("steps", "told"), [(5, False), (40, True)])
def test_error_that_could_hide_in_a_decided_entry_is_told(steps: int, told: bool) -> None:
    """A thousandth is seen where nothing is told; half of an entry always is."""
    arrays = {"x": np.array([0.31, 0.42, 0.77])}
    right, slightly, wrong = (
        bc.verify_function(logistic_map(steps, factor), arrays) for factor in (1.0, 1.001, 1.5)
    )

    assert (right.verdict, wrong.verdict) == ("pass", "fail")
    assert slightly.passed == told
    assert (right.coverage["x"].resolution > 1e-3) == told
    assert ("entries decided; an error of " in right.message) == told


def test_wrong_entry_is_decided() -> None:
    """A derivative of exactly zero included."""
    report = bc.verify_function(last_wrong(power(2.0)), {"x": np.array([0.5, 1.0, 2.0])})

    assert report.verdict == "fail"
    assert "x: 3 of 3 entries decided" in report.message


@pytest.mark.parametrize("function", ["p|p|", "kink nearby"])
def test_zero_that_is_known_to_a_millionth_is_decided(function: str) -> None:
    """Where no difference is exactly zero."""

    def smooth(a: Arrays) -> Any:
        x = a["x"]
        if function == "p|p|":
            return (x * np.abs(x)).sum(), {"x": 2 * np.abs(x)}
        return (np.abs(x - 1.0001) + x).sum(), {"x": 1.0 + np.sign(x - 1.0001)}

    arrays = {"x": np.array([0.0, 2.0] if function == "p|p|" else [1.0, 2.0])}
    report = bc.verify_function(smooth, arrays)

    assert report.passed
    assert "x: 2 of 2 entries decided" in report.message
