"""Every subject of the zoo gets its verdict, every other case is judged, and nothing is left."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import zoo
from support.command_line import invoke
from support.processes import gone, running
from support.right import RightOracle
from support.zoo.entry import LONG

import bptt_check as bc
from bptt_check.report.folder import load_run
from bptt_check.runs.check import Setup, check_case
from bptt_check.subjects.isolation import Isolated
from bptt_check.verdicts.case_report import CaseReport

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="misbehaves in the ways of Linux")

NAMES = list(zoo.ZOO)
IN_ONE_PROCESS = [
    name
    for name in NAMES
    if zoo.kind_of(name) in ("raising", "changed")
    and "exited" not in zoo.ZOO[name].says
    and zoo.ZOO[name].limit == LONG
]
"""Subjects that harm nothing but their own case, if that is read with care."""


MODELS = {"ending": "lstm", "waiting": "gru"}
"""Kind of subjects to the model of their cases, `rnn-tanh` for the rest: a model on which the
process has died too often is given up.
"""


def case_of(name: str, misbehaves: bool = True) -> bc.Case:
    """The case on which that subject does what it does, or one that it answers right."""
    seed = zoo.FIRST + NAMES.index(name) if misbehaves else 1
    model = MODELS.get(zoo.kind_of(name), "rnn-tanh")
    return bc.Spec.parse(f"{model} T=2 B=2 D=2 H=2 O=2 seed={seed}").build()


def check(subject: object, case: bc.Case, limit: float | None) -> CaseReport:
    """The verdict by an oracle that is right."""
    return check_case(subject, case, Setup((RightOracle(),), timeout=limit), ())


def is_said(entry: zoo.Entry, report: CaseReport) -> None:
    """Verdict and words are those of the table; no word is a command, and none is without end."""
    message = report.message
    assert re.fullmatch(entry.verdict, report.verdict), message
    assert re.search(entry.says, message), message
    assert message.replace("\n", "").isprintable()
    assert len(message) < 12_000


def marked(mark: str) -> set[int]:
    """Processes other than this one that have a word in the environment they were started with."""
    found = set[int]()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment and pid != os.getpid() and running(pid):
            found.add(pid)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where temporary files lie."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def subject(folder: Path) -> Iterator[Isolated]:
    """All of them; when it is closed no file and no process is left."""
    mark = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("MARK_OF_THIS_TEST", mark)
        patch.setattr("bptt_check.subjects.isolation.worker_process.GRACE", 0.2)
        patch.setattr("bptt_check.subjects.isolation.worker_process.SECONDS_TO_WRITE", 0.1)
        with bc.isolated("support.zoo:by_seed", memory="600M") as isolated:
            assert marked(mark)
            yield isolated
    assert [*folder.iterdir()] == []
    assert all(gone(pid) for pid in marked(mark))


def test_there_are_many_and_each_has_something_said_of_it():
    """A message for all but those that pass, or of which none can be sure."""
    assert len(zoo.ZOO) >= 120
    assert [n for n, e in zoo.ZOO.items() if not e.says and e.verdict not in SILENT] == []


SILENT = ("pass", "inconclusive")


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_verdict_and_the_next_case_is_judged(subject, folder, name):
    """Beside the folder of the worker at hand nothing is left in between, either."""
    entry = zoo.ZOO[name]
    report = check(subject, case_of(name), entry.limit)

    is_said(entry, report)
    after = check(subject, case_of(name, misbehaves=False), LONG)
    assert re.fullmatch(entry.then, after.verdict), after.message
    assert len([*folder.iterdir()]) == (subject._worker is not None)
    if zoo.kind_of(name) == "damaging" or entry.then != "pass":
        subject.close()  # what one does to its process is not for the next of the table to suffer
    if entry.then != "pass":
        assert check(subject, case_of(name, misbehaves=False), LONG).verdict == "pass"


@pytest.mark.parametrize("name", IN_ONE_PROCESS)
def test_what_is_only_raised_or_returned_has_the_same_verdict_without_isolation(name):
    """No object of a subject's is trusted, wherever it is read."""
    entry = zoo.ZOO[name]
    report = check(zoo.by_seed, case_of(name), None)

    is_said(entry, report)


def test_whole_run_over_it_counts_every_case(tmp_path, monkeypatch):
    """Half of the cases do something of the zoo each, the others are right and pass. The exit
    status is that of an error; when the command has ended, nothing is left of it.
    """
    temporary, mark = tmp_path / "temporary", uuid.uuid4().hex
    temporary.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("MARK_OF_THIS_TEST", mark)
    what = ["--cases", "10", "--model", "rnn-tanh", "--within", "T=1..2 B=1 D=1..2 H=1..2 O=2"]
    how = ["--oracle", "complex_step", "--timeout", "20", "--report", "out"]
    done = invoke("run", "support.zoo.mixed:by_spec", *what, *how)
    run = load_run("out")

    assert (done.exit_code, run.verdict, run.interrupted) == (1, "error", False)
    assert sum(run.cases.values()) == 10
    assert 0 < run.cases["pass"] < 10
    assert done.stdout.startswith("ERROR")
    assert [*temporary.iterdir()] == []
    assert all(gone(pid) for pid in marked(mark))
    assert {p.name for p in tmp_path.iterdir()} == {"out", "temporary"}
