"""A run that is stopped at any moment of it, impatiently: the folder tells the truth, and so do the
exit status and what is printed.
"""

from __future__ import annotations

import gc
import pkgutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import made
from support.command_line import SUBJECTS, invoke

from bptt_check.report.files import DATA, PAGE, ROWS
from bptt_check.report.folder import load_run
from bptt_check.report.html.page import render_run

BEFORE = ("cli.run.subject_of", "api.load_oracles", "runs.run._declined")
"""Functions of the package that are called while there is nothing to lose."""
UNDECIDED = (
    "runs.run._check_all", "runs.target_cases.check_cases", "runs.check.call",
    "runs.check.oracle_results", "runs.check.judge",
)  # fmt: skip
"""Those that are called before a case has been counted."""
FAILING = (
    "runs.explained.failure_of", "runs.failures.shrink_spec", "runs.shrink._explore",
    "runs.failures.check_case", "runs.shrink._with_each_size_smaller", "runs.failures.simplify",
    "runs.failures.check_in_detail", "runs.failures.passing_initial_state",
    "runs.diagnosed.what_is_wrong._sample", "runs.failures.pasted_test", "runs.run.shown_curves",
)  # fmt: skip
"""Those that are called once one has failed."""
COMPLETE = (
    "runs.run.shown_flows", "runs.run.cleaned", "report.report.Report.bundle",
    "report.folder._page", "report.folder.to_json", "report.parquet.write_table",
    "report.files._write_half", "report.files._sync_names", "report.terminal.show",
)  # fmt: skip
"""Those that are called once everything is known."""
IMPATIENT = ("runs.run.cleaned", "report.files._write_half", "report.terminal.show")
"""Moments at which it is stopped again, whenever it was stopped first."""

WORDS = (
    "--model", "rnn-tanh", "--within", "T=1..3 B=1 D=1 H=1..2 O=1..2", "--oracle", "complex_step",
    "--cases", "2", "--no-isolate", "--report", "out",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with subjects and the report of a run that passed; nobody ignores Ctrl-C."""
    (tmp_path / "subjects.py").write_text(SUBJECTS)
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    made.report().to_folder("out")
    yield
    signal.signal(signal.SIGINT, before)


def stop(monkeypatch: pytest.MonkeyPatch, place: str, act: Callable[[], None]) -> list[str]:
    """Act when a function of the package is called first; returns what has been called so."""
    path = f"bptt_check.{place}"
    real: Any = pkgutil.resolve_name(path)
    called: list[str] = []

    def function(*arguments: Any, **options: Any) -> Any:
        if not called:
            called.append(place)
            act()
        return real(*arguments, **options)

    monkeypatch.setattr(path, function)
    return called


def stopped(monkeypatch: pytest.MonkeyPatch, place: str, number: int) -> Any:
    """A wrong subject's run that gets a signal at a moment, and more of them afterwards."""
    called = stop(monkeypatch, place, lambda: signal.raise_signal(number))
    for again in IMPATIENT:
        if again != place:
            stop(monkeypatch, again, lambda: signal.raise_signal(signal.SIGINT))
    done = invoke("run", "subjects.py:wrong", *WORDS)
    assert called == [place]
    assert "Traceback" not in done.stderr
    return done


def told() -> Any:
    """The run that the folder has; it is of one piece, and nothing else is there."""
    run = load_run("out")
    kept = {str(failure.counterexample) for failure in run.failures}
    files = {str(p.relative_to("out")) for p in Path("out").rglob("*") if p.is_file()}
    assert files == {PAGE, DATA, ROWS, *kept}
    assert Path("out", PAGE).read_bytes() == render_run(run).encode()
    return run


@pytest.mark.parametrize("place", BEFORE)
def test_before_the_first_case_nothing_is_replaced(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The report that was there is still there, and it is said that nothing was checked."""
    done = stopped(monkeypatch, place, signal.SIGTERM)

    assert done.exit_code == 3
    assert "interrupted: nothing was checked" in done.stderr
    assert (told().verdict, told().interrupted) == ("pass", False)


@pytest.mark.parametrize("place", UNDECIDED)
def test_before_a_case_is_counted_nothing_is_decided(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Which is not what the run before has said."""
    done = stopped(monkeypatch, place, signal.SIGTERM)

    assert done.exit_code == 3
    assert done.stdout.startswith("INCONCLUSIVE")
    assert (told().verdict, told().interrupted) == ("inconclusive", True)


@pytest.mark.parametrize("place", FAILING)
def test_once_a_case_has_failed_the_run_fails(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """In shrinking and in diagnosis too, and the failure is told."""
    done = stopped(monkeypatch, place, signal.SIGINT)

    assert done.exit_code == 1
    assert done.stdout.startswith("FAIL")
    assert "W_hh_l0" in done.stdout
    assert (told().verdict, told().interrupted) == ("fail", True)
    assert [failure.parameter for failure in told().failures] == ["W_hh_l0"]


@pytest.mark.parametrize("place", COMPLETE)
def test_once_all_is_known_nothing_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The report is that of the whole run."""
    done = stopped(monkeypatch, place, signal.SIGINT)

    assert done.exit_code == 1
    assert done.stdout.startswith("FAIL")
    assert done.stdout.splitlines()[-1] == "report: out/index.html"
    assert (told().verdict, told().interrupted) == ("fail", False)


def test_a_case_is_counted_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in between comes after it: a count without its row would be no truth."""
    stop(monkeypatch, "runs.tally._merged", lambda: signal.raise_signal(signal.SIGINT))
    done = invoke("run", "subjects.py:slow_and_wrong", *WORDS)

    assert done.exit_code == 1
    assert told().interrupted
    assert {row.cases for row in told().rows} == {sum(told().cases.values())}


def test_ctrl_c_is_not_lost_in_shrinking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even in a callback of the garbage collector, where Python drops what is raised."""

    def lose() -> None:
        def callback(*_: Any) -> None:
            gc.callbacks.remove(callback)
            signal.raise_signal(signal.SIGINT)

        gc.callbacks.insert(0, callback)
        gc.collect()

    stop(monkeypatch, "runs.shrink._explore", lose)
    done = invoke("run", "subjects.py:slow_and_wrong", *WORDS)

    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    assert (told().verdict, told().interrupted) == ("fail", True)
