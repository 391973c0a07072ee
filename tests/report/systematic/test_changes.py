"""Errors that all cases share beside those of an earlier run."""

from __future__ import annotations

import json

import pytest
from support import made
from support.shared_errors import shared_error, with_shared_error

from bptt_check.cli.compare import comparison_text
from bptt_check.report.html import comparison_page
from bptt_check.report.several_runs import comparison
from bptt_check.report.systematic.changes import shared_changes

WITH, WITHOUT = with_shared_error().run, made.report().run
SENTENCE = (
    "lstm in bfloat16: W_hh_l0: 1.02 (+-0.0001) times what it must be; that is 99% of its error"
)


@pytest.mark.parametrize(("base", "run", "kind"), [(WITHOUT, WITH, "new"), (WITH, WITHOUT, "gone")])
def test_an_error_that_is_new_or_gone_is_told(base: object, run: object, kind: str) -> None:
    """On the terminal, as JSON and on the page; only a new one stops a gate."""
    found = comparison.compare(base, run)  # type: ignore[arg-type]
    data = json.loads(comparison_page.comparison_to_json(found))
    page = comparison_page.render_comparison(found, "base", "run")

    assert f"\n  systematic error, {kind}: {SENTENCE}\n" in comparison_text(found) + "\n"
    (told,) = data["systematic"]
    assert (told["change"], told["model"], told["estimate"]) == (kind, "lstm", 0.02)
    assert ("<dt>New systematic error</dt>" in page) == (kind == "new")
    assert ("<dt>Systematic error gone</dt>" in page) == (kind == "gone")
    assert found.is_worse == (kind == "new")


def test_an_error_that_stays_is_no_change() -> None:
    """Whatever its estimate is; in another dtype it is another."""
    again = with_shared_error(shared_error(estimate=0.0203, strength=7.0)).run
    other = with_shared_error(shared_error(dtype="float16")).run

    assert shared_changes(WITH, again) == ()
    assert not comparison.compare(WITH, again).is_worse
    assert [c.kind for c in shared_changes(WITH, other)] == ["new", "gone"]


def test_a_new_one_stops_a_gate_by_itself() -> None:
    """Where the gradient was wrong before, in another dtype."""
    both = with_shared_error(shared_error(), shared_error(dtype="float16")).run
    found = comparison.compare(WITH, both)

    assert comparison.comparison_headline(found) == "1 new systematic error"
    assert comparison.comparison_headline(comparison.compare(both, WITH)) == (
        "nothing got worse; 1 systematic error gone"
    )
