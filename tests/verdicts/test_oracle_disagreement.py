"""Oracles that exclude each other: where, and who is outvoted."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.budgets import budgets_of

from bptt_check.cases.result import Result
from bptt_check.verdicts.oracle_disagreement import disagreement


def results(**values: Any) -> dict[str, Result]:
    """Oracles' results for a gradient `b` of four entries."""
    return {n: Result(0.0, {"b": np.array(v, dtype=float)}) for n, v in values.items()}


def test_agreeing_oracles_do_not_disagree():
    """Rounding and bounds are no disagreement."""
    found = results(one=[1, 2, 3, 4], two=[1 + 1e-15, 2, 3, 4], three=[1, 2, 3.001, 4])
    budgets = {n: budgets_of() for n in ("one", "two")}
    budgets["three"] = budgets_of(bounds={"b": np.full(4, 0.01)})

    assert disagreement(found, budgets) is None


def test_the_worst_entry_and_the_outvoted_are_named():
    """The oracle farthest from the median of at least three."""
    found = results(one=[1, 2, 3, 4], two=[1, 2, 3, 4], liar=[1.001, 2, 3.1, 4])
    worst_entry = disagreement(found, {n: budgets_of() for n in found})

    assert (worst_entry.parameter, worst_entry.index) == ("b", (2,))
    assert worst_entry.values == {"one": 3.0, "two": 3.0, "liar": 3.1}
    assert worst_entry.outvoted == "liar"


def test_two_oracles_outvote_nobody():
    """Who of two is wrong cannot be said."""
    found = results(one=[1, 2, 3, 4], two=[1, 2, 3, 5])

    assert disagreement(found, {n: budgets_of() for n in found}).outvoted == ""


def test_an_infinite_bound_disagrees_with_nobody():
    """An oracle that cannot tell excludes nothing."""
    found = results(one=[1, 2, 3, 4], two=[9, 9, 9, 9])
    budgets = {"one": budgets_of(), "two": budgets_of(bounds={"b": np.full(4, np.inf)})}

    assert disagreement(found, budgets) is None
