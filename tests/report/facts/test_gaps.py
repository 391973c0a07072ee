"""What was asked of a run and not answered: gradients that only some cases have."""

from __future__ import annotations

from typing import Any

import pytest
from support import made

from bptt_check.report.facts import gaps
from bptt_check.report.headline import headline
from bptt_check.report.html import page
from bptt_check.report.pytest_outcomes import properties


def with_rows(*rows: Any, **changes: Any) -> Any:
    """A passing run with a gradient that all cases have, and these rows."""
    return made.report(rows=(made.row(), *rows), **changes)


def offered(parameter: str, missing: int, **changes: Any) -> Any:
    """A passing row of a gradient that was missing in so many of 100 cases."""
    return made.row(parameter=parameter, cases=100, missing=missing, **changes)


@pytest.mark.parametrize(
    ("parameter", "missing", "count"),
    [
        ("h0", 69, "h0: offered in 31 of 100 cases, missing in 69"),
        ("x", 1, "x: offered in 99 of 100 cases, missing in 1"),
        ("c0", 99, "c0: offered in 1 of 100 cases, missing in 99"),
    ],
)
def test_pass_counts_a_gradient_that_only_some_cases_have(
    parameter: str, missing: int, count: str
) -> None:
    """In the message, its headline, on the page and in a JUnit file."""
    report = with_rows(offered(parameter, missing))

    assert report.passed
    assert "right, but some are missing in part of the cases" in headline(report.run)
    assert f"  {count}\n" in f"{report.message}\n"
    assert count in page.render_run(report.run)
    assert ("bptt_missing", f"lstm: {count}") in list(properties(report))


@pytest.mark.parametrize("row", [offered("h0", 0), made.not_offered(parameter="h0", missing=10)])
def test_gradient_of_all_cases_or_of_none_is_not_counted(row: Any) -> None:
    """The one is a plain pass, the other is listed as not offered."""
    report = with_rows(row)

    assert gaps.offered_sometimes(report.run) == []
    assert "missing" not in report.message
    assert "bptt_missing" not in dict(properties(report))


def test_same_count_of_several_models_is_told_once() -> None:
    """With the models; by the oracle that was asked in most cases."""
    rows = [
        offered("h0", 69),
        offered("h0", 2, oracle="jax", model="lstm"),
        offered("h0", 69, model="gru"),
        offered("x", 5, model="gru"),
    ]
    report = with_rows(*rows, models=("lstm", "gru"), oracles=("torch", "jax"))

    assert "  h0: offered in 31 of 100 cases, missing in 69 (lstm, gru)\n" in report.message
    assert "  x: offered in 95 of 100 cases, missing in 5 (gru)" in report.message


def test_many_counts_fit_a_screen() -> None:
    """Those that are left out are counted."""
    report = with_rows(*(offered(f"x{n}", n) for n in range(1, 20)))

    assert "  and 13 more of this kind" in report.message


def test_undecided_run_counts_them_too() -> None:
    """Where they may be what was to be decided."""
    report = with_rows(made.vacuous(parameter="h0", cases=100, missing=69), verdict="inconclusive")

    assert "h0: offered in 31 of 100 cases, missing in 69" in report.message
    assert "h0 not decided" in report.message
