"""What readers of a report are told of their arrays, wherever it is told."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from support import made
from support.older_runs import version_2
from support.own_arrays import CONTRACT, CONVENTIONS, WRONG, report_of, spoil, subject

import bptt_check as bc
from bptt_check.cli.compare import comparison_text
from bptt_check.report import run_json, terminal
from bptt_check.report.called import called_in, heading, shortened, worst_place_of
from bptt_check.report.html import comparison_page, page
from bptt_check.report.markdown import render_markdown
from bptt_check.report.pytest_outcomes import outcomes
from bptt_check.report.several_runs.comparison import compare
from bptt_check.report.several_runs.merging import merge_runs
from bptt_check.report.strict_json import encoded
from bptt_check.runs.measurements import OwnArrays

CASE = "lstm T=3 B=2 D=4 H=3 O=3"
BOTH = [(kind, wrong) for kind in CONVENTIONS for wrong in (True, False)]


def contract_names(text: str) -> set[str]:
    """Names of the contract that a text has; what is embedded for programs is no text, and in code
    they are strings or keywords.
    """
    embedded = r"<(script|style).*?</\1>|data-base=\"\w+\"|parameter=\w+"
    visible = html.unescape(re.sub(embedded, "", text, flags=re.S))
    return {n for n in CONTRACT if re.search(rf"(?<![\w'\"]){n}(_l\d|\b)(?!=)", visible)}


def without(records: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    """The records as they were before they had a field."""
    return [{name: v for name, v in record.items() if name != field} for record in records]


def printed(report: bc.Report) -> str:
    """What the terminal has of a run."""
    console = Console(file=io.StringIO(), width=200)
    terminal.show(report.run, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "wrong"), BOTH)
def test_the_page_has_the_names_of_the_subject(kind, wrong):
    """Headings, cells, rows, failures, arrays of the case and curves; those of the contract not."""
    run = report_of(kind, wrong).run
    text = page.render_run(run)

    assert contract_names(text) == set()
    for row in run.rows:
        assert row.worst_place in text
    for name in called_in(run).names["lstm"]["W_hh_l0"]:
        assert name in text


@pytest.mark.parametrize("wrong", [True, False])
def test_a_page_without_a_convention_has_those_of_the_contract(wrong):
    """What the test above looks for would be found."""
    rows = (made.row(), made.row(parameter="h0"))
    report = made.failing() if wrong else made.report(rows=rows)

    assert contract_names(page.render_run(report.run)) >= ({"W_hh"} if wrong else {"W_hh", "h0"})


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_a_page_of_an_older_run_has_those_of_the_contract(kind):
    """`run.json` said nothing else of it."""
    data = version_2(report_of(kind, False).run)
    older = {name: value for name, value in data.items() if name != "own_arrays"}
    older["rows"] = without(data["rows"], "worst_place")
    older["worst_entries"] = without(data["worst_entries"], "own")
    run = run_json.from_json(encoded(older), "run.json")

    assert contract_names(page.render_run(run)) == set(CONTRACT)


@pytest.mark.parametrize(("kind", "wrong"), BOTH)
def test_terminal_and_markdown_have_them(kind, wrong):
    """The table and the failures."""
    report = report_of(kind, wrong)
    worst = called_in(report.run).of("lstm", "W_hh_l0")
    for text in (printed(report), render_markdown(report.run)):
        assert contract_names(text.replace("\\", "")) == set()
    if wrong and kind != "stacked":
        assert worst in printed(report)


@pytest.mark.parametrize(("kind", "wrong"), BOTH)
def test_one_case_in_detail_has_them(kind, wrong):
    """Its rows, each with the place of its worst entry."""
    console = Console(file=io.StringIO(), width=200)
    report = bc.check(subject(kind, spoil if wrong else None), CASE, ["complex_step"])
    terminal.show_case(report, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]

    shown, _, _ = text.partition("reproduce:")
    assert contract_names(shown) == set()
    assert "  at " in shown
    if wrong:
        assert f"at {WRONG[kind][0]}[" in shown


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_merged_and_compared_runs_have_them(kind):
    """Each check those of its own subject; what got worse is told in the later names."""
    wrong, right = report_of(kind, True).run, report_of(kind, False).run
    merged = merge_runs({"test_one": right, "test_two": made.report().run})
    called = called_in(merged)
    comparison = compare(right, wrong)

    assert called.of("lstm in test_one", "b_y") == "bout"
    assert called.of("lstm in test_two", "b_y") == "b_y"
    assert "bout" in page.render_run(merged)
    assert contract_names(comparison_page.render_comparison(comparison, "a", "b")) == set()
    assert contract_names(comparison_text(comparison)) == set()


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_outcomes_of_pytest_have_them(kind):
    """In what a gradient says that no failure is about."""
    report = report_of(kind, True)
    untold = replace(report, run=replace(report.run, failures=()))
    (outcome,) = [o for o in outcomes(untold) if not o.passed]

    assert contract_names(outcome.message.partition("reproduce")[0]) == set()
    assert f"worst entry {WRONG[kind][0]}[" in outcome.message


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["Wh"], "Wh"),
        (["hi/kernel", "hf/kernel"], "h{i,f}/kernel"),
        (["U0", "U1", "U2"], "U{0,1,2}"),
        (["Wh", "V"], "Wh, V"),
        (["W", "Wh"], "W{,h}"),
        (["aba", "abba"], "ab{,b}a"),
        ([], ""),
    ],
)
def test_names_that_are_alike_are_told_as_one(names, short):
    """What they share once; nothing of a letter is told twice."""
    assert shortened(names) == short


def test_a_column_is_headed_by_the_names_of_all_models():
    """With its layers as one, and those of several gates."""
    names = {"W_hh_l0": ("V_l0",), "W_hh_l1": ("V_l1",), "W_xh_l0": ("Ui", "Uf")}
    run = made.report(own_arrays=(OwnArrays("lstm", names),)).run
    rows = [made.row(), made.row(parameter="W_hh_l1"), made.row(parameter="W_xh_l0")]
    rows += [made.row(model="gru", parameter="W_xh_l0")]

    assert heading("W_hh", rows, called_in(run)) == "V"
    assert heading("W_xh", rows[:3], called_in(run)) == "U{i,f}"
    assert heading("W_xh", rows, called_in(run)) == "Ui, Uf, W_xh"


def test_a_place_is_the_own_one_if_there_is_one():
    """Else the index; along directions there is none."""
    assert worst_place_of(made.row()) == "3, 2"
    assert worst_place_of(made.row(worst_place="Wh[2, 3]")) == "Wh[2, 3]"
    assert worst_place_of(made.row(worst_index=(), worst_directions=16)) == "along 16 directions"


def test_many_arrays_are_told_as_the_first_ones():
    """With a count; a column's heading is no longer than a line."""
    names = {"W_hh_l0": tuple(f"{'layer/' * 10}W{n}" for n in range(20_000))}
    run = made.report(own_arrays=(OwnArrays("lstm", names),)).run
    called = called_in(run)

    assert called.of("lstm", "W_hh_l0").startswith(f"{'layer/' * 10}W0, ")
    assert called.of("lstm", "W_hh_l0").endswith("W19 and 19,980 more")
    assert heading("W_hh", [made.row()], called).endswith(" characters)")
