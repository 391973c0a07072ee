"""What was not checked alike is told apart from what was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support import made

from bptt_check.report.several_runs.checked_differently import (
    CheckDifference,
    checked_differently,
    found_differently,
)
from bptt_check.report.several_runs.comparison import Comparison, by_gradient, compare


def compared(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    """Two passing runs with these fields."""
    return compare(made.report(**before).run, made.report(**after).run)


def test_settings_that_differ_are_told() -> None:
    """How many cases, which seed, which versions; what is the same is not."""
    found = compared(
        {"cases": {"pass": 1000}, "environment": {"torch": "2.8", "python": "3.11"}},
        {"cases": {"pass": 10}, "seed": 1, "environment": {"torch": "2.9", "python": "3.11"}},
    )

    assert checked_differently(found) == [
        CheckDifference("cases", "1,000", "10"),
        CheckDifference("seed", "0", "1"),
        CheckDifference("torch", "2.8", "2.9"),
    ]


def test_an_oracle_that_only_one_run_has_is_one_difference() -> None:
    """Of all gradients together; nothing else was found."""
    torch = [made.row(parameter=p) for p in ("W_hh_l0", "x")]
    jax = [replace(row, oracle="jax") for row in torch]
    found = compared({"rows": (*torch, *jax), "oracles": ("torch", "jax")}, {"rows": tuple(torch)})

    assert checked_differently(found) == [CheckDifference("oracle jax", "2 comparisons", "none")]
    assert found_differently(found) == []


def test_models_and_gradients_of_one_run_are_told() -> None:
    """A model is told once, a gradient of a model that both have by its name."""
    gru = [made.row(model="gru", parameter=p) for p in ("W_hh_l0", "x")]
    found = compared({}, {"rows": (made.row(), made.row(parameter="x"), *gru)})

    assert checked_differently(found) == [
        CheckDifference("x of lstm", "none", "1 comparison"),
        CheckDifference("model gru", "none", "2 comparisons"),
    ]


def test_what_is_new_and_fails_was_found() -> None:
    """A gate must stop it, whoever was not asked before."""
    found = compared({"rows": ()}, {"rows": (made.wrong(),), "verdict": "fail"})

    assert [c.kind for c in found_differently(found)] == ["new"]
    assert checked_differently(found) == []


def test_changes_are_grouped_by_gradient() -> None:
    """Five oracles that say the same are one line; another kind is another."""
    rows = [made.row(oracle=o) for o in ("torch", "jax", "certified")]
    now = [made.wrong(oracle="torch"), made.wrong(oracle="jax", max_budgets=1e12), rows[2]]
    groups = by_gradient(compared({"rows": tuple(rows)}, {"rows": tuple(now)}).changes)

    assert [(g.worst.kind, g.oracles) for g in groups] == [
        ("worse", ("jax", "torch")),
        ("same", ("certified",)),
    ]
