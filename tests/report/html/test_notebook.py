"""A run below a cell of a notebook."""

from __future__ import annotations

import html

from support import made, searches

from bptt_check.runs.errors.compared_arrays import ComparedArray

COMPARED = ComparedArray("b_y", "b_y", "torch", (2,), (0,), (0.5, 1.0), (0.25, 1.0), (0,))


def test_a_failing_run_shows_what_why_and_the_numbers() -> None:
    """Verdict, headline, diff, matrices; the message is folded below them."""
    report = made.failing(
        failures=(made.failure(compared=(COMPARED,)),), searches=(searches.search(),)
    )
    shown = html.unescape(report._repr_html_())

    assert "FAIL</span> <b>something is wrong</b>" in shown
    assert "+    dW += da @ h[t - 1]" in shown
    assert '<td style="text-align: right; background: rgba(255, 160, 60, .35)">0.5</td>' in shown
    assert "the gradient of W_hh_l0 is wrong" in shown.partition("<details>")[2]


def test_a_passing_run_is_two_lines() -> None:
    """And its summary, folded."""
    shown = made.report()._repr_html_()

    assert "PASS</span> <b>every gradient that the subject offers is right</b>" in shown
    assert "<table" not in shown
    assert "<details>" in shown


def test_nothing_becomes_markup() -> None:
    """Whatever a subject and its arrays are called."""
    for text in made.HOSTILE:
        failure = made.failure(message=text, compared=(ComparedArray(
            text, text, text, (1,), (0,), (0.0,), (1.0,), (0,)),))  # fmt: skip
        shown = made.failing(subject=text, failures=(failure,))._repr_html_()
        assert "<script>" not in shown
        assert "<img" not in shown
