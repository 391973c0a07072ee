"""Runs one after the other: the index and the history of a folder."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support import made

from bptt_check.cli import cli
from bptt_check.report.several_runs.history import history, runs_below, worst_budgets
from bptt_check.runs.provenance.provenance import Provenance


def write(folder: Path, day: int, budgets: float = 0.5, **changes: Any) -> None:
    """A run of a day."""
    wrong = budgets > 1
    maker = made.failing if wrong else made.report
    row = made.wrong if wrong else made.row
    when = Provenance(f"2026-01-{day:02}T10:00:00Z", f"{day}" * 40, False, "host")
    given = {"rows": (row(max_budgets=budgets),), "provenance": when, **changes}
    maker(**given).to_folder(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three runs of one subject, one of another, one without a date, one that is broken."""
    write(tmp_path / "c", 3, budgets=1e6)
    write(tmp_path / "a", 1, budgets=0.25, seconds=4.0)
    write(tmp_path / "b", 2)
    write(tmp_path / "d", 2, subject="another")
    made.report().to_folder(tmp_path / "old")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_text("{")
    return tmp_path


def shown(folder: Path, *options: str) -> Result:
    """What the command does."""
    return CliRunner().invoke(cli, ["history", str(folder), *options])


def test_runs_are_listed_the_latest_first(folder: Path) -> None:
    """Before them what cannot be read, behind them what has no date."""
    names = [one.name for one in runs_below(folder)]

    assert (names[0], names[1], names[-1]) == ("half", "c", "old")
    assert {*names[2:4]} == {"b", "d"}


def test_a_line_is_a_subject_over_time(folder: Path) -> None:
    """The one with most runs first; each point has when, what and how bad."""
    first, second = history(runs_below(folder))

    assert (first.subject, second.subject) == ("subject", "another")
    assert [(p.name, p.max_budgets) for p in first.points] == [("a", 0.25), ("b", 0.5), ("c", 1e6)]
    assert (first.points[2].verdict, first.points[0].seconds) == ("fail", 4.0)


def test_other_models_are_another_line(tmp_path: Path) -> None:
    """Their errors and times say nothing of each other."""
    write(tmp_path / "a", 1)
    write(tmp_path / "b", 2, models=("gru",))

    assert [len(line.points) for line in history(runs_below(tmp_path))] == [1, 1]


def test_the_command_shows_a_table_of_each_subject(folder: Path) -> None:
    """Of so many runs as are asked for; what is left out is said."""
    done = shown(folder, "--last", "2")
    lines = done.stdout.splitlines()

    assert done.exit_code == 0
    assert lines[0] == "subject: lstm"
    assert lines[2].split() == [
        "2026-01-02",
        "10:00:00",
        "222222222",
        "pass",
        "0.5",
        "1.5",
        "10",
        "b",
    ]
    assert lines[3].split()[3:5] == ["fail", "1e6"]
    assert lines[4] == "  and 1 earlier"
    assert "left out: half/run.json is not JSON" in done.stderr
    assert "left out: 1 of an older version, without a date" in done.stderr


def test_subjects_are_chosen_and_programs_get_json(folder: Path) -> None:
    """Every run of those."""
    (line,) = json.loads(shown(folder, "--json", "--subject", "anoth").stdout)

    assert (line["subject"], len(line["points"])) == ("another", 1)
    refused = shown(folder, "--subject", "nobody")
    assert refused.exit_code == 2
    assert "no subject has 'nobody' in its name; there are subject, another" in refused.stderr


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    """Exit status 2, and which folder to name."""
    done = shown(tmp_path)

    assert done.exit_code == 2
    assert "holds no run. Name a folder below which" in done.stderr
    for name in ("nowhere", "name" * 200):
        refused = shown(tmp_path / name)
        assert (refused.exit_code, "there is no folder" in refused.stderr) == (2, True)


def test_where_nothing_was_measured_there_is_no_worst_error() -> None:
    """No row, or none with a number."""
    assert math.isnan(worst_budgets(made.report(rows=()).run))
    assert math.isnan(worst_budgets(made.report(rows=(made.refused(),)).run))


def test_the_index_has_dates_commits_and_a_small_chart(folder: Path) -> None:
    """Of a subject with several runs; its numbers are words as well."""
    CliRunner().invoke(cli, ["report", "--index", str(folder)])
    page = (folder / "runs.html").read_text()

    assert '<time datetime="2026-01-03T10:00:00Z">2026-01-03 10:00:00</time>' in page
    assert '<code title="3333' in page
    assert page.count('<svg class="small"') == 2
    assert 'aria-label="Worst error in budgets: 0.25, 0.5, 1e6"' in page
