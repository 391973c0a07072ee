"""Whatever a subject does to what the parent relies on is the error of its case, and no more."""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support import hostile
from support.installed import needs_safetensors
from support.processes import gone

import bptt_check as bc
from bptt_check.cases.contract import Outcome
from bptt_check.errors import SubjectNotFound
from bptt_check.subjects import loading
from bptt_check.subjects.calling import call
from bptt_check.subjects.isolation import Isolated
from bptt_check.subjects.processes.descendants import children_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="does what Linux offers")

LONG, SHORT = 60.0, 0.3
"""Limits for what must come to an end by itself, and for what must not."""
NAMES = [function.__name__ for function in hostile.HOSTILE]
NOT_BELONGING = "gave an answer that does not belong to what it was asked"


def case_of(name: str, sizes: str = "T=2 B=2 D=2 H=2 O=2") -> bc.Case:
    """The case on which the subject does that; "" is one on which it is right."""
    seed = hostile.FIRST + NAMES.index(name) if name else 1
    return bc.Spec.parse(f"rnn-tanh {sizes} seed={seed}").build()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where temporary files of the run lie, scratch folders among them."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def subject(folder: Path) -> Iterator[Isolated]:
    """One that does everything, in turn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("HOSTILE_PIDS", str(folder / "pids"))
        patch.setattr("bptt_check.subjects.isolation.worker_process.SECONDS_TO_WRITE", 0.1)
        with bc.isolated("support.hostile:by_seed") as isolated:
            yield isolated


def is_right(subject: Isolated) -> bool:
    """Whether the next case, of the same or of a fresh worker, has the right answer."""
    answer, want = call(subject, case_of(""), LONG), hostile.right(case_of(""))
    assert answer.result is not None, answer.text
    return all(np.array_equal(answer.result.grads[n], g) for n, g in want[1].items())


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("deletes_its_folder", r"exited with status 5"),
        ("puts_a_file_there", r"exited with status 6"),
        ("puts_a_link_there", r"exited with status 7"),
        ("puts_a_pipe_for_the_traceback", r"exited with status 8"),
        ("scribbles_over_the_traceback", r"exited with status 9.*"),
        ("locks_its_folder", r"exited with status 10"),
        ("answers_another_question", NOT_BELONGING),
        ("answers_nothing", NOT_BELONGING),
        ("answers_for_another_case", NOT_BELONGING),
        ("announces_without_end", "announced calls without end"),
        ("promises_too_much", "wrote into the channel of its worker"),
        ("sends_a_deep_nest", "gave an answer that cannot be read: .*"),
    ],
)
def test_harm_is_an_error_of_its_case(subject, folder, name, error):
    """The next case has a fresh worker with a folder of its own, and nothing else was touched."""
    answer = call(subject, case_of(name), LONG)

    assert (answer.result, answer.outcome) == (None, Outcome.DIED)
    assert re.fullmatch(error, answer.text), answer.text
    assert is_right(subject)
    assert len([*folder.glob("bptt_check*")]) == 1
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("forks_and_exits", r"exited with status 3.*"),
        ("becomes_a_daemon", r"exited with status 4.*"),
        ("starts_a_program_and_aborts", r"ended by signal SIGABRT \(aborted\).*"),
    ],
)
def test_a_death_is_noticed_though_others_hold_the_pipe(subject, folder, name, error):
    """At once, not at the limit; what was left running, in a session of its own too, has ended."""
    answer = call(subject, case_of(name), LONG)
    pids = [int(line) for line in (folder / "pids").read_text().split()]

    assert answer.outcome is Outcome.DIED
    assert re.fullmatch(error, answer.text), answer.text
    assert pids
    assert all(gone(pid) for pid in pids)
    assert is_right(subject)


def test_a_worker_that_lives_without_its_pipe_is_ended(subject, monkeypatch):
    """It can never answer any more."""
    monkeypatch.setattr("bptt_check.subjects.isolation.worker_process.SECONDS_TO_END", 0.2)
    answer = call(subject, case_of("closes_its_pipes_and_goes_on"), LONG)

    assert answer.text.startswith("closed its standard output and went on")
    assert is_right(subject)


def test_a_worker_that_stops_is_out_of_time(subject):
    """In a call, and before it has read a request that no pipe holds."""
    assert call(subject, case_of("stops_itself"), SHORT).outcome is Outcome.TIMED_OUT
    assert is_right(subject)
    os.kill(subject._worker._child._process.pid, signal.SIGSTOP)
    answer = call(subject, case_of("", "T=64 B=64 D=4 H=2 O=2"), SHORT)

    assert answer.outcome is Outcome.TIMED_OUT
    assert answer.text.startswith("took longer than the limit of 0.3 s for one case")
    assert is_right(subject)


def test_a_deleted_folder_is_there_again_in_the_next_call(monkeypatch):
    """Also where the worker lives on."""
    with bc.isolated("support.hostile:deletes_its_folder_and_goes_on") as subject:
        pid = subject._worker._child._process.pid
        for _ in range(3):
            assert subject(case_of("")).loss == hostile.right(case_of(""))[0]
        assert subject._worker._child._process.pid == pid


def test_whole_run_survives_and_leaves_nothing(tmp_path, monkeypatch):
    """Every other case is counted; no folder is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with bc.isolated("support.hostile:deletes_its_folder_and_goes_on") as subject:
        report = bc.check(subject, case_of(""), ["complex_step"])
        assert report.verdict == "error"  # its second call finds no folder
        assert "No such file or directory" in report.message
    assert [*tmp_path.iterdir()] == []


def test_supports_that_ends_the_process_is_asked_three_times():
    """Each costs a process; the cases of later models say why they were not asked."""
    with bc.isolated("support.hostile:with_deadly_supports") as subject:
        models = [bc.Model(name) for name in ("rnn", "lstm", "gru", "rnn")]
        models[3] = bc.Model("rnn", layers=2)
        assert all(subject.supports(model) for model in models)
        last = bc.Spec(models[3]).build()

        assert subject._worker is None
        assert call(subject, last).text == (
            "was not called any more on supports, having run out of time, or ended or damaged "
            "its process, 3 times in a row; the last time it exited with status 3"
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slow.py:f", r"importing slow\.py:f failed: it took longer than the limit of 0\.2 s"),
        ("loop.py:f", r"importing loop\.py:f failed: it took longer than the limit of 0\.2 s"),
        pytest.param(
            "exec:sleep 600",
            r"(wrote no hello line within 0\.2 s|importing exec:sleep 600 failed)",
            marks=needs_safetensors,
        ),
    ],
)
def test_an_import_that_hangs_has_a_deadline(text, message, tmp_path, monkeypatch):
    """So has a program that says no hello; `--timeout` is for them, too."""
    monkeypatch.setattr("bptt_check.subjects.time_limit.SECONDS_TO_LOAD", 0.2)
    monkeypatch.setattr("bptt_check.subjects.isolation.worker_process.SECONDS_TO_WRITE", 0.1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(600)\n")
    (tmp_path / "loop.py").write_text("while True:\n    pass\n")

    with pytest.raises(SubjectNotFound, match=message):
        bc.isolated(text, timeout=0.1)


CELL_OF_ITS_OWN = """
import sys, time
import bptt_check as bc
from bptt_reference import loss_and_grads as f
if sys.argv[0] != "-c":  # in a worker it is the program
    time.sleep(600)
bc.cells.register("mine", bc.Layout(gates=("a",)))(lambda xp, p, x_t, state: state)
"""


@pytest.mark.parametrize(("timeout", "limit"), [(None, 300.0), (5.0, 30.0), (400.0, 400.0)])
def test_second_import_has_the_deadline_of_the_first(timeout, limit, tmp_path, monkeypatch):
    """A module that registers cells is imported here, too; if it hangs here, nothing is left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bptt-check"])
    (tmp_path / "own_cell.py").write_text(CELL_OF_ITS_OWN)
    load, limits, before = loading.load_within, [], children_of(os.getpid())

    def quickly(text, seconds):
        limits.append(seconds)
        return load(text, 0.1)

    monkeypatch.setattr(loading, "load_within", quickly)
    said = (
        r"^importing own_cell\.py:f failed: it took longer than the limit of 0\.1 s for its start"
    )
    with pytest.raises(SubjectNotFound, match=said):
        bc.isolated("own_cell.py:f", timeout)

    assert limits == [limit]
    assert children_of(os.getpid()) == before


def test_slow_import_within_its_deadline_is_none_of_a_call(tmp_path, monkeypatch):
    """The limit of a call is not that of the import, which frameworks need seconds for."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "heavy.py").write_text(
        "import time\ntime.sleep(1.5)\nfrom bptt_reference import loss_and_grads as f\n"
    )
    with bc.isolated("heavy.py:f", timeout=0.4) as subject:
        assert subject.name == "heavy.py:f"
