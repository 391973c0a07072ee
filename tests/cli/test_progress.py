"""How far a run is and what it is at, as lines and as a bar."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import BarColumn, Progress as Bars, TextColumn
from support.clocks import Clock

from bptt_check.cases.timing.stage_clock import Stage
from bptt_check.cli import progress
from bptt_check.cli.progress import Bar, Lines, Pace
from bptt_check.runs.effort.progress import Progress


@pytest.fixture
def clock() -> Clock:
    """The time of a test."""
    return Clock()


def test_progress_is_a_line_per_tenth(clock: Clock) -> None:
    """A log of CI gets ten lines, whatever the number of cases, with rate and estimate."""
    said: list[str] = []
    lines = Lines(said.append, now=clock)
    lines.begin(Stage.DRAWING, "lstm")
    for done in range(1, 1001):
        clock.seconds += 0.5
        lines(Progress(done, 1000, "lstm", 3))

    assert len(said) == 10
    assert said[0] == " 10 %  100 of 1,000 cases, 3 failing, 2 cases/s, 7 min 30 s left"
    assert said[-1] == "100 %  1,000 of 1,000 cases, 3 failing, 2 cases/s"


def test_lines_tell_what_takes_long_and_nothing_that_does_not(clock: Clock) -> None:
    """Also when all cases are checked, and only where nothing was said for seconds."""
    said: list[str] = []
    lines = Lines(said.append, now=clock)
    lines.begin(Stage.SHRINKING, "lstm")
    clock.seconds = progress.QUIET
    lines.begin(Stage.DIAGNOSIS, "lstm")
    clock.seconds += progress.QUIET / 2
    lines.begin(Stage.REPORT, "gru")
    clock.seconds += progress.QUIET
    lines.begin(Stage.REPORT, "gru")
    lines.begin(Stage.STARTING, "")

    assert said == ["lstm: explaining", "starting"]


def test_time_of_explaining_does_not_count_for_the_rate(clock: Clock) -> None:
    """The rest of the cases need none of it."""
    pace = Pace(clock)
    pace.checking(True)
    clock.seconds = 10.0
    pace.checking(False)
    clock.seconds = 1000.0
    pace.checking(True)

    assert pace.words(Progress(20, 30, "lstm", 0)) == "2 cases/s, 5 s left"
    assert pace.words(Progress(1, 7220, "lstm", 0)) == "0.1 cases/s, 20 h 3 min left"


def test_no_rate_is_told_before_a_case_is_done(clock: Clock) -> None:
    """There is nothing to divide by."""
    pace = Pace(clock)

    assert pace.words(Progress(1, 2, "lstm", 0)) == ""
    pace.checking(True)
    clock.seconds = 1.0

    assert pace.words(Progress(0, 2, "lstm", 0)) == ""


def test_bar_says_what_the_run_is_at_and_is_full_only_while_cases_are_checked(clock: Clock) -> None:
    """At 100 % it stood through shrinking and diagnosis, as if it hung."""
    console = Console(file=io.StringIO(), force_terminal=True, width=140)
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[pace]}")
    bars = Bars(*columns, console=console, auto_refresh=False)
    bar = Bar(bars, clock)
    (task,) = bars.tasks
    assert (task.description, task.total) == ("starting", None)

    bar.begin(Stage.ORACLE, "lstm")
    clock.seconds = 2.0
    bar(Progress(10, 10, "lstm", 2))
    assert (task.description, task.total) == ("lstm: checking, 2 failing", 10)
    assert task.fields["pace"] == "10 of 10 cases, 5 cases/s"

    bar.begin(Stage.SHRINKING, "lstm")
    assert task.description == "lstm: looking for the smallest failing case, 2 failing"
    assert task.total is None
    assert not task.finished or task.percentage == 0.0

    bar.begin(Stage.SUBJECT, "gru")
    assert (task.description, task.total) == ("gru: checking, 2 failing", 10)


def test_no_control_characters_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log stays readable; on a terminal there are some."""
    monkeypatch.delenv("CI", raising=False)
    with progress.display() as display:
        display.begin(Stage.DRAWING, "lstm")
        display(Progress(1, 1, "lstm", 0))

    assert isinstance(display, Lines)
    assert "\x1b" not in (err := capsys.readouterr().err)
    assert err.startswith("100 %  1 of 1 cases")

    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.display() as display:
        display(Progress(1, 1, "lstm", 0))

    assert isinstance(display, Bar)
    assert "\x1b" in capsys.readouterr().err
