"""A page of a run that has very many of something shows the first ones, and counts the others."""

from __future__ import annotations

import html
import re
import time
from dataclasses import replace

import pytest
from support import made
from support.hostile_runs import crowded
from support.shared_errors import COMMAND, TEST, shared_failure, with_shared_error

from bptt_check.report import run_json
from bptt_check.report.html.page import render_run
from bptt_check.report.html.sections import (
    MOST_COLUMNS,
    MOST_COMPARED,
    MOST_FAILURES,
    MOST_MODELS,
    MOST_NAMES,
)
from bptt_check.report.markdown import LIMIT, render_markdown

COUNT = 2_500
SAID = {
    "models": f"And {COUNT - MOST_MODELS:,} more models, in the table of all checks.",
    "gradients": f"And {COUNT - MOST_COLUMNS:,} more gradients, in the table of all checks.",
    "failures": f"And {COUNT - MOST_FAILURES:,} more failures, in run.json.",
    "declined models": f"and {COUNT - MOST_NAMES:,} more</dd>",
    "reasons": f"<dd>{COUNT - MOST_NAMES:,} more reasons</dd>",
    "tests": f"And {COUNT - MOST_MODELS:,} more tests with no worse verdict, in run.json.",
    "targets": f"And {COUNT - MOST_MODELS:,} more models, in run.json.",
}
"""What there is very much of, to what the page says of those that it does not show."""


@pytest.mark.parametrize("what", SAID)
def test_what_is_left_out_is_counted(what: str) -> None:
    """And the Markdown is short as ever."""
    run = run_json.from_json(crowded(what, COUNT), "run.json")

    assert SAID[what] in render_run(run)
    assert len(render_markdown(run)) < LIMIT + 100


def test_nothing_is_left_out_of_a_large_run() -> None:
    """As real ones are: nothing is counted that is shown."""
    page = render_run(made.large(40).run)

    assert not re.search(r"[Aa]nd [0-9,]+ more (model|gradient|failure|reason|test)", page)


def test_wrong_gradients_beyond_those_shown_number_by_number_are_counted() -> None:
    """As the record has them all."""
    names = [f"W{n}" for n in range(MOST_COMPARED + 3)]
    rows = tuple(made.wrong(parameter=name) for name in names)
    worst = tuple(made.worst_entry(parameter=name, compared=(made.compared(),)) for name in names)
    page = render_run(made.failing(rows=rows, worst_entries=worst).run)

    assert page.count("<summary>Got, expected, difference in its worst case</summary>") == (
        MOST_COMPARED
    )
    assert "those of 3 others are in run.json" in page
    few = made.failing(rows=rows[:2], worst_entries=worst[:2]).run
    assert "are in run.json" not in render_run(few)


@pytest.mark.parametrize("field", ["taylor", "flows"])
def test_the_time_grows_with_the_length_of_a_record(field: str) -> None:
    """And not with its square, which would be minutes."""
    entry = {"taylor": made.curve(), "flows": replace(made.flow(), paths=((0.5,) * 20_000,))}[field]
    entries = (
        [replace(entry, model=f"m{n}") for n in range(5_000)] if field == "taylor" else [entry]
    )
    run = made.report(**{field: tuple(entries)}).run
    start = time.process_time()
    render_run(run)

    assert time.process_time() - start < 10.0


def test_a_failure_of_all_cases_together_is_reproduced_by_all_of_them() -> None:
    """Not by the case that shows it most clearly, which passes; nor is that a smallest one."""
    shown, other = render_run(with_shared_error().run), render_run(made.failing().run)

    assert f'<dd><code data-copy="the command">{COMMAND}</code></dd>' in shown
    for words in ("Clearest case", "51 fresh cases together", "by itself it may pass"):
        assert words in shown
        assert words not in other
    for words in ("Smallest case", "with values as simple as possible", "bc.Case.load("):
        assert words not in shown
        assert words in other


def test_a_failure_of_all_cases_together_may_take_several_lines() -> None:
    """Each stands in the page as it must be typed."""
    again = "subject = made()\nprint(bc.verify(subject, ['lstm']))"
    shown = render_run(with_shared_error(failures=(shared_failure(reproduction=again),)).run)

    assert f'<code data-copy="the command">{again}</code>' in html.unescape(shown)
    assert "\n  reproduce:\n" in shown


def test_a_failure_of_all_cases_together_has_their_test() -> None:
    """And none where a record has none: one of its case would pass."""
    told = with_shared_error().run
    (failure,) = told.failures
    untold = replace(told, failures=(replace(failure, test_code=""),))

    assert TEST in html.unescape(render_run(told))
    assert "As a test to paste" in render_run(
        replace(told, failures=(replace(failure, counterexample=None),))
    )
    assert "As a test to paste" not in render_run(untold)


def test_rows_of_a_gradient_that_is_wrong_in_all_cases_say_so() -> None:
    """In the overview and the table, though its largest error is within budget."""
    shown = render_run(with_shared_error().run)

    assert re.search(r'<a class="cell fail"[^>]*><b>0\.05</b>', shown)
    assert ">over all cases together 1.02 (+-0.0001) times what it must be</td>" in shown
