"""The generated parts of docs/performance.md, and that the page is what they make it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.bench import chart, page
from benchmarks.bench.record import Growth, Record, Worse, read_history
from benchmarks.bench.rows import SPECS, Row
from benchmarks.bench.spread import Spread

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "performance.md").read_text("utf-8")
NOTES = tomllib.loads((ROOT / "benchmarks" / "bench" / "notes.toml").read_text("utf-8"))
RUN = Record(
    date="2026-01-31",
    commit="0123456789",
    machine={"processor": "P", "cores": "2", "system": "Linux"},
    versions={"python": "3.11"},
    short=False,
    rows={
        "run/json": Row(Spread(14.0, 14.0, 14.0), None),
        "verify/lstm": Row(Spread(9.0, 10.0, 11.0), Spread(6.0, 7.0, 8.0)),
    },
    growth=(Growth("T", (4, 8), (1.0, 2.0), (0.1, 0.4)),),
)


def test_page_is_what_the_last_full_run_and_the_notes_make_it():
    """Nobody has edited it by hand, and `--page` was run after a change of the notes."""
    full = [r for r in read_history(ROOT / "benchmarks" / "history.jsonl") if not r.short]
    unmeasured = dict.fromkeys(page.parts_of(RUN, {}), "Not measured yet.")

    assert page.filled(PAGE, page.parts_of(full[-1], NOTES) if full else unmeasured) == PAGE


def test_figure_is_that_of_the_last_full_run():
    """The same numbers as in the table."""
    full = [r for r in read_history(ROOT / "benchmarks" / "history.jsonl") if not r.short]
    figure = ROOT / "docs" / page.FIGURE

    assert not full or figure.read_text("utf-8") == chart.drawing(full[-1].growth)


def test_notes_are_of_rows():
    """A note of a row that is none would be told nowhere."""
    assert set(NOTES) <= set(SPECS)


def test_a_page_without_a_mark_is_refused_with_the_mark():
    """So is one that has it twice."""
    for text, count in ((PAGE.replace("measured: table", "measured: rows"), 0), (PAGE + PAGE, 2)):
        expected = f"the page has {count} places marked <!-- measured: "
        with pytest.raises(SystemExit, match=re.escape(expected)):
            page.filled(text, page.parts_of(RUN, {}))


def test_table_has_a_line_for_each_measured_row_in_the_order_of_the_rows():
    """With goal, ratio, and whether the goal is met."""
    assert page.table(RUN).splitlines()[2:] == [
        "| `verify`, per case: lstm | 10 (9 to 11) ms | at most 10 times | 7 (6 to 8) | "
        "one call of the reference | yes |",
        "| its `run.json` | 14 MB | at most 3 MB |  |  | no |",
    ]


def test_missed_goals_are_told_with_their_notes():
    """A row without a note says that; one that meets its goal is not told."""
    assert page.explanations(RUN, {"run/json": "floats."}) == "- *its `run.json`*: floats."
    assert page.explanations(RUN, {}) == f"- *its `run.json`*: {page.UNEXPLAINED}"
    assert page.unexplained(RUN, {}) == ["run/json"]
    assert page.unexplained(RUN, {"run/json": "floats."}) == []
    met = replace(RUN, rows={"run/json": Row(Spread(2.0, 2.0, 2.0), None)})
    assert page.explanations(met, {}) == "Every goal is met."


def test_growth_is_told_with_exponents():
    """Doubled over a doubled T is 1, four times as much is 2."""
    lines = page.growth_part(RUN.growth).splitlines()

    assert lines[2] == "| T | 1.00 | 2.00 | 4: 1, 8: 2 | 4: 0.1, 8: 0.4 |"
    assert lines[-1].endswith(f"]({page.FIGURE})")


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (12.34, "12.3"), (1234.5, "1,230"), (99999, "100,000")]
)
def test_numbers_have_three_digits(value, text):
    """Without an exponent, however large."""
    assert page.number(value) == text


def test_what_got_worse_is_told_with_before_and_now():
    """Or that nothing did, or that there is nothing to compare with."""
    worse = [Worse("run/json", Spread(3.0, 3.0, 3.0), Spread(14.0, 14.0, 14.0))]

    assert page.regressions(worse, RUN) == (
        "Worse beyond its spread than in the run of 2026-01-31 at commit 0123456789:\n"
        "  its `run.json`: 3 before, 14 now"
    )
    assert page.regressions([], RUN).startswith("Nothing got worse beyond its spread since")
    assert page.regressions([], None).startswith("No earlier run on this kind of machine")
