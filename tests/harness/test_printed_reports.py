"""What is printed, and what a notebook shows, is the message."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from support.right import right

import bptt_check as bc
from bptt_check.report.html.page import render_run
from bptt_check.report.markdown import render_markdown
from bptt_check.report.pytest_outcomes import outcomes, properties
from bptt_check.report.terminal import show

QUICK: dict[str, Any] = {"oracles": ["complex_step"]}
LINE = "rnn-tanh T=1 B=1 D=1 H=1 O=2"


def wrong(case: bc.Case) -> tuple[float, dict[str, Any]]:
    loss, grads = right(case)
    return loss, grads | {"b_y": 2.0 * grads["b_y"]}


def square(arrays: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    return float((arrays["<p>"] ** 2).sum()), {"<p>": 3.0 * arrays["<p>"]}


REPORTS = {
    "case": lambda: bc.check(wrong, LINE, **QUICK),
    "run": lambda: bc.verify(wrong, ["rnn-tanh"], 2, **QUICK),
    "function": lambda: bc.verify_function(square, {"<p>": np.ones(1)}),
}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_prints_its_message(kind):
    """Not its fields: those are 22,000 characters; a list of reports is a line each."""
    report = REPORTS[kind]()

    assert str(report) == report.message
    assert "is wrong\n" in str(report)
    assert len(repr(report).splitlines()) == 1
    assert len(repr(report)) < 160
    assert type(report).__name__ in repr(report)


@pytest.mark.parametrize("kind", REPORTS)
def test_a_notebook_shows_the_message(kind):
    """As text: nothing in it is markup."""
    shown = REPORTS[kind]()._repr_html_()

    assert shown.lstrip().startswith(("<pre ", "<div "))
    assert "is wrong\n" in shown
    assert "<p>" not in shown


def test_a_right_case_prints_that_it_passed():
    """A case that passed has no message, and still says something."""
    report = bc.check(right, LINE, **QUICK)

    assert report.message == ""
    assert str(report).startswith("PASS  rnn-tanh: right are W_xh_l0, W_hh_l0, b_h_l0, W_hy, b_y")


def test_what_was_not_given_is_not_called_right() -> None:
    """The sibling: parameters that are declared to have no gradient, and inputs without one."""

    def subject(case: bc.Case) -> Any:
        loss, grads = right(case)
        without = tuple(n for n in case.params if n != "W_hh_l0")
        return bc.Result(loss, {"W_hh_l0": grads["W_hh_l0"]}, without=without)

    assert str(bc.check(subject, "rnn-tanh T=2")) == "PASS  rnn-tanh: right are W_hh_l0"


@pytest.mark.parametrize("count", [1, 20_000])
def test_names_of_a_subject_are_cut_with_a_count(count: int) -> None:
    """Wherever a run is shown: many gradients that nobody asked for, one of a very long name."""

    def subject(case: bc.Case) -> Any:
        loss, grads = right(case)
        return loss, {**grads, "k" * 10**6: 0.0} | {f"z\x1b{n}": 0.0 for n in range(count)}

    report = bc.verify(subject, ["rnn-tanh"], 1, **QUICK)
    terminal = io.StringIO()
    show(report.run, Console(file=terminal, width=80))
    (outcome, *_) = [o for o in outcomes(report) if not o.passed] or [None]
    pages = [render_run(report.run), render_markdown(report.run), terminal.getvalue()]
    lines = [re.sub(r"\s+", " ", page) for page in pages]
    texts = [*pages, str(report), repr(report), repr([*properties(report)]), repr(outcome)]

    assert report.verdict == "contract"
    assert all("k" * 101 not in text for text in texts)
    assert all("\x1b" not in text for text in texts)
    assert all("(1,000,000 characters)" in told for told in lines)
    assert [f"and {count - 4:,} more that are none" in told for told in lines] == 3 * [count > 5]
    assert max(map(len, texts[1:])) < 10_000
