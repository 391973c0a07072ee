"""The command line: what goes to which stream, exit status, and what stays when it is stopped."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.targets import PRESETS, parse_targets
from bptt_check.cli import cli
from bptt_check.report.folder import load_run

SUBJECTS = """
import time

import bptt_check as bc
from bptt_reference import loss_and_grads as right

print("loaded")


def wrong(case):
    loss, grads = right(case)
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"] * 1.5}


def broken(case):
    print("called")
    raise RuntimeError("no [bold]good[/bold]")


def short(case):
    return right(case)[0], {}


def declines(case):
    raise bc.Unsupported("not today")


def picky(case):
    return right(case)


def slow(case):
    time.sleep(0.02)
    return right(case)


def slow_and_wrong(case):
    time.sleep(0.02)
    return wrong(case)


picky.supports = lambda model: model.cell == "gru"
number = 3
"""
QUICK = ("--oracle", "complex_step", "--cases", "3", "--no-isolate")
ONE_ORACLE = ("--oracle", "complex_step", "--no-isolate")
SPEC = "lstm T=2 B=1 D=1 H=2 O=2 seed=3"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with subjects, to work in."""
    (tmp_path / "my subjects.py").write_text(SUBJECTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path


def invoke(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(cli, arguments)


def run(subject: str, *arguments: str) -> Result:
    """A quick run of one LSTM."""
    return invoke("run", f"my subjects.py:{subject}", "--model", "lstm", *QUICK, *arguments)


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as users do."""
    command = [sys.executable, "-m", "bptt_check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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
    found = run(subject)

    assert found.exit_code == status
    assert found.stdout.startswith(verdict)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere:subject"], "no module 'nowhere'"),
        (["run", "none.py:subject"], "no file none.py"),
        (["run", "my subjects.py:rihgt"], "It has: "),
        (["run", "my subjects.py:number"], "must be callable"),
        (["run", "nothing"], "names no subject"),
        (["run", "--model", "lstmm"], "Did you mean 'lstm'"),
        (["run", "--model", "lstm+2layer"], "2layers"),
        (["run", "--model", "lstm+linear+mean"], "scale the cotangents"),
        (["run", "--oracle", "trch"], "Valid: certified, complex_step"),
        (["run", "--dtype", "float63"], "float64"),
        (["run", "--cases", "0"], "at least 1"),
        (["run", "--cases", "many"], "not a valid integer"),
        (["run", "--timeout", "0"], "0"),
        (["run", "--no-such-option"], "No such option"),
        (["replay", "lstm T=0"], "at least 1"),
        (["replay", "lstm t=3"], "unknown word"),
        (["replay", "none.npz"], "there is no file none.npz"),
        (["report", "none"], "bptt-check run --report"),
        (["list", "cakes"], "cakes"),
        (["cake"], "cake"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], words: str) -> None:
    """What cannot be is refused with advice on stderr, and stdout stays empty."""
    found = invoke(*arguments)

    assert found.exit_code == 2
    assert words in found.stderr
    assert found.stdout == ""


def test_a_missing_framework_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming an oracle that cannot run here is wrong usage, with the command that helps."""
    monkeypatch.setattr(oracles, "available", lambda name: name != "torch")
    found = invoke("run", "--oracle", "torch")

    assert found.exit_code == 2
    assert "pip install" in found.stderr


def test_a_file_that_is_no_case_is_refused(folder: Path) -> None:
    """Half a case, or something else, is wrong usage and no traceback."""
    bc.Spec.parse(SPEC).build().save(folder / "whole.npz")
    (folder / "half.npz").write_bytes((folder / "whole.npz").read_bytes()[:500])

    assert invoke("replay", "whole.npz", *ONE_ORACLE).exit_code == 0
    found = invoke("replay", "half.npz", *ONE_ORACLE)
    assert found.exit_code == 2
    assert "not a whole .npz file" in found.stderr


@pytest.mark.parametrize("where", ["file/run", "taken"])
def test_a_report_that_cannot_be_is_found_out_first(folder: Path, where: str) -> None:
    """Before the subject is even loaded."""
    (folder / "file").write_text("")
    (folder / "taken").mkdir()
    (folder / "taken" / "index.html").write_text("mine")
    found = run("right", "--report", where)

    assert found.exit_code == 2
    assert "hoose another folder" in found.stderr
    assert "loaded" not in found.stderr


def test_without_report_nothing_is_written(folder: Path) -> None:
    """A run leaves files only where it was told to."""
    run("wrong")

    assert [p.name for p in folder.iterdir() if p.name != "__pycache__"] == ["my subjects.py"]


def test_the_path_of_the_report_is_printed_last(folder: Path) -> None:
    """And leads to the page; everything else of the run lies beside it."""
    found = run("wrong", "--report", "out/deep")
    last = found.stdout.splitlines()[-1]

    assert last == "report: out/deep/index.html"
    assert (folder / "out/deep/index.html").is_file()
    assert load_run("out/deep").verdict == "fail"


def test_json_is_all_there_is_on_stdout() -> None:
    """Progress, the report's path and what the subject prints are on stderr."""
    found = run("broken", "--json", "--report", "out")

    assert json.loads(found.stdout) == json.loads(Path("out/run.json").read_text())
    assert "called" in found.stderr
    assert "100 %" in found.stderr
    assert found.stderr.splitlines()[-1] == "report: out/index.html"
    assert found.exit_code == 1


def test_the_record_says_how_to_do_it_again() -> None:
    """Running the recorded command gives the same record, but for the time it took."""
    first = json.loads(run("wrong", "--json", "--seed", "5").stdout)
    words = shlex.split(first["command"])
    second = json.loads(invoke(*words[1:], "--json").stdout)

    assert words[0] == "bptt-check"
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_the_line_that_reproduces_a_failure_can_be_pasted() -> None:
    """It names the subject as it was given, quoted for the shell, and fails again."""
    found = run("wrong")
    (line,) = [x for x in found.stdout.splitlines() if "reproduce: " in x]
    words = shlex.split(line.partition("reproduce: ")[2])
    again = invoke(*words[1:])

    assert words[-1] == "my subjects.py:wrong"
    assert again.exit_code == 1
    assert "the gradient of W_hh_l0 is wrong" in again.stdout


def test_a_counterexample_can_be_replayed() -> None:
    """The file in the report fails for the wrong subject and passes for the right one."""
    run("wrong", "--report", "out")
    (path,) = Path("out/counterexamples").iterdir()
    options = ONE_ORACLE

    assert invoke("replay", str(path), "my subjects.py:wrong", *options).exit_code == 1
    assert invoke("replay", str(path), "my subjects.py:right", *options).exit_code == 0


@pytest.mark.parametrize(
    ("subject", "status"), [("right", 0), ("wrong", 1), ("broken", 1), ("declines", 3)]
)
def test_replay_has_the_same_exit_status(subject: str, status: int) -> None:
    """One case is judged like many."""
    found = invoke("replay", SPEC, f"my subjects.py:{subject}", *ONE_ORACLE)

    assert found.exit_code == status


def test_replay_shows_everything() -> None:
    """The case, both losses, and got and wanted of every gradient, against every oracle named."""
    names = ("complex_step", "finite_difference")
    found = invoke("replay", SPEC, *(w for name in names for w in ("--oracle", name)))

    assert SPEC in found.stdout
    for parameter in bc.Spec.parse(SPEC).build().inputs:
        assert f"\n{parameter}\n" in found.stdout
    for name in names:
        assert found.stdout.count(f"  {name}") == 8
    assert found.stdout.count("  want ") == 16
    taylor = found.stdout.partition("\nTaylor test: ")[2]
    assert [line.split()[0] for line in taylor.splitlines()[1:]] == [
        "all",
        *bc.Spec.parse(SPEC).build().inputs,
    ]


def test_replay_follows_no_subject_that_raises() -> None:
    """Its own loss is not asked for again."""
    found = invoke("replay", SPEC, "my subjects.py:broken", "--oracle", "complex_step")

    assert found.stdout.startswith("ERROR")
    assert "Taylor" not in found.stdout


def test_a_subject_keeps_its_supports() -> None:
    """The name from the command line does not hide what the subject supports."""
    found = invoke("run", "my subjects.py:picky", "--model", "gru", "--model", "lstm", *QUICK)

    assert "declined by the subject, not checked: lstm" in found.stdout
    assert found.stdout.startswith("PASS")


def test_a_report_is_rendered_again() -> None:
    """From the records alone: the page comes back as it was."""
    run("wrong", "--report", "out")
    page = Path("out/index.html")
    before = page.read_bytes()
    page.write_text("gone")
    found = invoke("report", "out")

    assert found.exit_code == 0
    assert found.stdout.endswith("report: out/index.html\n")
    assert page.read_bytes() == before


def test_a_report_of_another_version_is_refused() -> None:
    """With the advice to upgrade."""
    run("right", "--report", "out")
    data = json.loads(Path("out/run.json").read_text())
    Path("out/run.json").write_text(json.dumps({**data, "schema_version": 9}))
    found = invoke("report", "out")

    assert found.exit_code == 2
    assert "upgrade" in found.stderr


def test_everything_that_can_be_named_is_listed() -> None:
    """Models, presets, oracles and subjects, each under its heading."""
    text = invoke("list").stdout

    for name in (*bc.models(), *PRESETS, *oracles.names(), "bptt_reference:loss_and_grads"):
        assert name in text
    assert "models" not in invoke("list", "oracles").stdout


def test_every_listed_modifier_exists() -> None:
    """What `list` offers, `--model` takes."""
    (line,) = [x for x in invoke("list", "models").stdout.splitlines() if "with any of" in x]
    for modifier in line.partition(": ")[2].split():
        assert parse_targets(f"lstm{modifier}")


def test_doctor_tries_every_oracle() -> None:
    """Those of NumPy alone always work."""
    found = invoke("doctor")

    assert found.exit_code == 0
    for name in oracles.names():
        assert f"{name} " in found.stdout
    assert "complex_step       works\n" in found.stdout


def test_doctor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing framework is no fault, and the command that adds it is there."""
    here = oracles.available
    monkeypatch.setattr(oracles, "available", lambda name: name != "torch" and here(name))
    found = invoke("doctor")

    assert found.exit_code == 0
    assert "torch              not installed: pip install" in found.stdout


def test_doctor_finds_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An oracle that is installed and raises is a fault, shown with what it raised."""

    def load(name: str) -> object:
        raise ImportError("libcudart.so.13: cannot open")

    monkeypatch.setattr(oracles, "load", load)
    found = invoke("doctor")

    assert found.exit_code == 1
    assert "broken: ImportError: libcudart.so.13" in found.stdout


def test_the_version_is_shown() -> None:
    """`--version` and `--help` do nothing else."""
    assert invoke("--version").stdout.startswith("bptt-check ")
    assert invoke("--help").exit_code == 0


def test_the_command_is_a_module_too(folder: Path) -> None:
    """`python -m bptt_check` is the same, in a process of its own and without colours."""
    found = process("run", "my subjects.py:wrong", "--model", "lstm", *QUICK)

    assert found.returncode == 1
    assert found.stdout.startswith("FAIL  'my subjects.py:wrong': ")
    assert "\x1b" not in found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def test_wrong_usage_of_a_process_is_status_2() -> None:
    """The sibling that cannot run, as a process."""
    found = process("run", "nowhere:subject")

    assert (found.returncode, found.stdout) == (2, "")


INTERRUPTIBLE = """
import signal
from bptt_check.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
main()
"""


def interrupted(subject: str) -> subprocess.CompletedProcess[str]:
    """A run that gets Ctrl-C as soon as it reports progress."""
    options = ["--model", "lstm", "--oracle", "complex_step", "--cases", "100", "--report", "out"]
    command = [sys.executable, "-c", INTERRUPTIBLE, "run", f"my subjects.py:{subject}", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        while " 10 %" not in (line := running.stderr.readline()):
            assert line, "the run ended by itself"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        return subprocess.CompletedProcess(command, running.returncode, out, err)


@pytest.mark.parametrize(
    ("subject", "status", "verdict"), [("slow", 3, "inconclusive"), ("slow_and_wrong", 1, "fail")]
)
def test_what_was_done_before_ctrl_c_is_kept(subject: str, status: int, verdict: str) -> None:
    """The report is whole, can be loaded, and says that the run was interrupted."""
    found = interrupted(subject)
    run = load_run("out")

    assert found.returncode == status
    assert "Traceback" not in found.stderr
    assert (run.verdict, run.interrupted) == (verdict, True)
    assert 10 <= sum(run.cases.values()) < 100
    assert "interrupted" in found.stdout
    assert "Interrupted" in Path("out/index.html").read_text()


DEADLY = """
import ctypes
import os

import bptt_check as bc
from bptt_check.equations.exact import exact_gradients, exact_loss


def right(case):
    return exact_loss(case), exact_gradients(case)


def crashes(case):
    if case.model.cell == "lstm":
        ctypes.string_at(0)
    return right(case)


def where(case):
    raise RuntimeError(f"in process {os.getpid()}.")


@bc.cells.register("leaky", bc.Layout(gates=("a",)))
def leaky(xp, p, x_t, state):
    (h_prev,) = state
    a = x_t @ p["W_xh"].mT + h_prev @ p["W_hh"].mT
    return (0.5 * h_prev + 0.5 * xp.tanh(a + p["b_h"] if "b_h" in p else a),)
"""


def test_a_crash_costs_nothing_that_was_measured(folder: Path) -> None:
    """One model kills its process; a cell that the module registers is checked all the same."""
    (folder / "deadly.py").write_text(DEADLY)
    options = ("--oracle", "complex_step", "--cases", "5", "--memory", "4G", "--json")
    found = process("run", "deadly.py:crashes", "--model", "leaky", "--model", "lstm", *options)
    run = json.loads(found.stdout)

    assert found.returncode == 1
    assert run["verdict"] == "error"
    assert {r["verdict"] for r in run["rows"] if r["model"] == "leaky"} == {"pass"}
    (failure,) = run["failures"]
    assert failure["model"] == "lstm"
    assert "SIGSEGV (segmentation fault) (line 15 of crashes in deadly.py)" in failure["message"]
    assert "not tried: 2 further cases of this model" in failure["message"]
    assert "--memory 4G" in run["command"]
    assert "--no-isolate" not in run["command"]


def test_it_runs_in_a_process_of_its_own_or_not(folder: Path) -> None:
    """What it raises tells where."""
    source = DEADLY.partition("@bc.cells")[0]  # nothing may stay registered in this process
    (folder / "deadly.py").write_text(source)
    words = ("replay", SPEC, "deadly.py:where", "--oracle", "complex_step")
    here = f"raised RuntimeError: in process {os.getpid()}."

    assert here in invoke(*words, "--no-isolate").stdout
    isolated = invoke(*words).stdout
    assert "raised RuntimeError: in process " in isolated
    assert here not in isolated


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory", "much"], "memory must be a size such as 2G"),
        (["--memory", "1G", "--no-isolate"], "leave out --no-isolate"),
    ],
)
def test_an_impossible_limit_is_wrong_usage(options: list[str], words: str) -> None:
    """Of `run` as of `replay`."""
    for command in (["run"], ["replay", SPEC]):
        found = invoke(*command, *options)
        assert found.exit_code == 2
        assert words in found.stderr


def test_ctrl_c_before_the_first_case_checks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is nothing to report, and the status says so."""

    def stopped(text: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("bptt_check.subjects.loading.load", stopped)
    found = run("right")

    assert found.exit_code == 3
    assert "nothing was checked" in found.stderr
