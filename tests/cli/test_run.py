"""`bptt-check run`: exit status, what goes to which stream, and what stays when it is stopped."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import DEADLY, invoke, process, run

from bptt_check.report import parquet, terminal
from bptt_check.report.folder import PREVIOUS, load_run
from bptt_check.report.run_json import from_json


@pytest.mark.parametrize(
    ("subject", "status", "verdict"),
    [
        ("right", 0, "PASS"),
        ("wrong", 1, "FAIL"),
        ("short", 1, "CONTRACT"),
        ("broken", 1, "ERROR"),
        ("declines", 3, "INCONCLUSIVE"),
        ("picky", 3, "INCONCLUSIVE"),
    ],
)
def test_the_exit_status_is_the_verdict(subject: str, status: int, verdict: str) -> None:
    """0 pass, 1 wrong in any way, 3 nothing decided; the first word says which."""
    done = run(subject)

    assert done.exit_code == status
    assert done.stdout.startswith(verdict)


@pytest.mark.parametrize("where", ["file/run", "taken"])
def test_a_report_that_cannot_be_is_found_out_first(folder: Path, where: str) -> None:
    """Before the subject is even loaded."""
    (folder / "file").write_text("")
    (folder / "taken").mkdir()
    (folder / "taken" / "index.html").write_text("mine")
    done = run("right", "--report", where)

    assert done.exit_code == 2
    assert "hoose another folder" in done.stderr
    assert "loaded" not in done.stderr


def test_without_report_nothing_is_written(folder: Path) -> None:
    """A run leaves files only where it was told to."""
    run("wrong")

    assert [p.name for p in folder.iterdir() if p.name != "__pycache__"] == ["my subjects.py"]


def test_the_path_of_the_report_is_printed_last(folder: Path) -> None:
    """And leads to the page; everything else of the run lies beside it."""
    done = run("wrong", "--report", "out/deep")
    last = done.stdout.splitlines()[-1]

    assert last == "report: out/deep/index.html"
    assert (folder / "out/deep/index.html").is_file()
    assert load_run("out/deep").verdict == "fail"


def test_json_is_all_there_is_on_stdout() -> None:
    """Progress, the report's path and what the subject prints are on stderr."""
    done = run("broken", "--json", "--report", "out")

    assert json.loads(done.stdout) == json.loads(Path("out/run.json").read_text())
    assert "called" in done.stderr
    assert "100 %" in done.stderr
    assert done.stderr.splitlines()[-1] == "report: out/index.html"
    assert done.exit_code == 1


def test_the_record_says_how_to_do_it_again() -> None:
    """Running the recorded command gives the same record, but for date and duration."""
    first = json.loads(run("wrong", "--json", "--seed", "5").stdout)
    words = shlex.split(first["command"])
    second = json.loads(invoke(*words[1:], "--json").stdout)

    assert words[0] == "bptt-check"
    untimed = {"seconds": 0, "stages": {}, "provenance": {}}
    assert {**first, **untimed} == {**second, **untimed}


INTERRUPTIBLE = """
import signal
from bptt_check.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
main()
"""


def interrupted(subject: str, number: int, temporary: Path) -> subprocess.CompletedProcess[str]:
    """A run that gets a signal as soon as it reports progress."""
    options = ["--model", "lstm", "--oracle", "complex_step", "--cases", "100", "--report", "out"]
    command = [sys.executable, "-c", INTERRUPTIBLE, "run", f"my subjects.py:{subject}", *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as running:
        assert running.stderr is not None
        while " 10 %" not in (line := running.stderr.readline()):
            assert line, "the run ended by itself"
        assert any(temporary.iterdir())
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
        return subprocess.CompletedProcess(command, running.returncode, out, err)


@pytest.mark.parametrize(
    ("subject", "number", "status", "verdict"),
    [
        ("slow", signal.SIGTERM, 3, "inconclusive"),
        ("slow_and_wrong", signal.SIGINT, 1, "fail"),
    ],
)
def test_what_was_done_before_the_end_is_kept(
    folder: Path, subject: str, number: int, status: int, verdict: str
) -> None:
    """Of Ctrl-C, or of a job that is cancelled: the report is whole, can be loaded, and says that
    the run was interrupted; nothing temporary is left.
    """
    temporary = folder / "temporary"
    temporary.mkdir()
    done = interrupted(subject, number, temporary)
    run = load_run("out")

    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert (run.verdict, run.interrupted) == (verdict, True)
    assert 10 <= sum(run.cases.values()) < 100
    assert "interrupted" in done.stdout
    assert "Interrupted" in Path("out/index.html").read_text()
    assert not any(temporary.iterdir())


def test_ctrl_c_before_the_first_case_checks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is nothing to report, and the status says so."""

    def stopped(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("bptt_check.subjects.loading.load", stopped)
    done = run("right")

    assert done.exit_code == 3
    assert "nothing was checked" in done.stderr


@pytest.mark.parametrize(
    ("subject", "status", "verdict"),
    [("right", 2, "PASS"), ("wrong", 1, "FAIL"), ("declines", 3, "INCONCLUSIVE")],
)
def test_a_report_that_finds_no_room_costs_no_result(
    monkeypatch: pytest.MonkeyPatch, subject: str, status: int, verdict: str
) -> None:
    """The result is printed, the status is that of the verdict; but nothing passes without the
    report that was asked for, and the one before does not stand for it.
    """
    run("right", "--report", "out")

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write_table", no_room)
    done = run(subject, "--report", "out")

    assert done.exit_code == status
    assert done.stdout.startswith(verdict)
    assert "report:" not in done.stdout
    assert "the report could not be written: out cannot be written: No space left" in done.stderr
    assert [p.name for p in Path("out").iterdir()] == [PREVIOUS]


def test_a_result_is_on_the_disk_before_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever printing does, even with an error of ours."""
    told: list[str] = []
    monkeypatch.setattr(terminal, "show", lambda *_: told.append(load_run("out").verdict))

    assert run("wrong", "--report", "out").exit_code == 1
    assert told == ["fail"]


@pytest.mark.parametrize(
    "words", [["--cases", "0"], ["--within", "T=no"], ["--model", "lstmm"]], ids=" ".join
)
def test_a_run_that_cannot_be_leaves_the_report_before(words: list[str]) -> None:
    """Wrong usage replaces nothing."""
    run("right", "--report", "out")

    assert run("wrong", "--report", "out", *words).exit_code == 2
    assert load_run("out").passed


def test_a_crash_costs_nothing_that_was_measured(folder: Path) -> None:
    """One model kills its process; a cell that the module registers is checked all the same."""
    (folder / "deadly.py").write_text(DEADLY)
    options = ("--oracle", "complex_step", "--cases", "5", "--memory", "4G", "--json")
    done = process("run", "deadly.py:crashes", "--model", "leaky", "--model", "lstm", *options)
    run = from_json(done.stdout.encode(), "the output")

    assert done.returncode == 1
    assert run.verdict == "error"
    assert {row.verdict for row in run.rows if row.model == "leaky"} == {"pass"}
    (failure,) = run.failures
    assert failure.model == "lstm"
    assert "SIGSEGV (segmentation fault) (line 15 of crashes in deadly.py)" in failure.message
    assert "not tried: 2 further cases of this model" in failure.message
    assert "--memory 4G" in run.command
    assert "--no-isolate" not in run.command


def test_profile_prints_the_time_by_stage() -> None:
    """After everything else, on stderr beside JSON; the record has it in any case."""
    told = run("right", "--profile", "--report", "out").stdout
    _, _, lines = told.partition("time by stage")
    stages = {line.split(maxsplit=3)[3] for line in lines.splitlines()[1:]}
    recorded = json.loads(Path("out/run.json").read_text())["stages"]
    beside = run("right", "--profile", "--json")

    assert {"starting", "oracle complex_step", "rounding model", "report"} <= stages
    assert {*recorded["seconds"]} == stages - {"report", "the rest", "oracle complex_step"}
    assert json.loads(beside.stdout)["stages"]["oracles"].keys() == {"complex_step"}
    assert "time by stage" in beside.stderr


def test_quick_run_says_what_it_leaves_out() -> None:
    """On the terminal, in the record, and on the page; the command does the same again."""
    words = ("--model", "rnn-tanh", "--quick", "--no-isolate", "--within", "T=2 B=1 D=1 H=2 O=2")
    oracle = ("--oracle", "complex_step")
    done = invoke("run", "my subjects.py:wrong", *words, *oracle, "--report", "out")
    record = json.loads(Path("out/run.json").read_text())

    assert done.exit_code == 1
    assert "quick, without" in done.stdout
    assert "the diagnosis; most tries for a smaller case" in done.stdout
    assert record["quick"] == {"oracles": []}
    assert " --quick --seed 0 " in record["command"]
    assert "--cases" not in record["command"]
    assert "Left out by quick" in Path("out/index.html").read_text()


def test_quick_chooses_its_cases() -> None:
    """Both at once are wrong usage."""
    done = run("right", "--quick")

    assert done.exit_code == 2
    assert "got cases=3: leave out one of quick and cases" in done.stderr


def test_declared_accuracy_is_recorded() -> None:
    """In run.json, the command and the summary; without it the same code fails."""
    done = run("approximate", "--accuracy", "1e-4", "--report", "out")
    record = json.loads(Path("out/run.json").read_text())

    assert done.exit_code == 0
    assert "right to the declared accuracy of 0.0001" in done.stdout
    assert record["accuracy"] == 1e-4
    assert "--accuracy 0.0001" in record["command"]
    assert "Declared accuracy" in Path("out/index.html").read_text()
    assert run("approximate").exit_code == 1
