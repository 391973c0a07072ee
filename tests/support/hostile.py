"""Subjects that harm what the parent relies on: its folder, its pipes, the end of its worker.

The seed of a case says which; each is right on every other case. What they leave running, they note
in the file that `HOSTILE_PIDS` names.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads as right

import bptt_check as bc
from bptt_check.cases.contract import Answer
from bptt_check.subjects.isolation import protocol


def _note(pid: int) -> None:
    with open(os.environ["HOSTILE_PIDS"], "a") as file:
        file.write(f"{pid}\n")


def _leave_a_fork() -> None:
    """One that rests; noted here, since it may be ended before it has done anything."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    _note(pid)


def forks_and_exits(case: bc.Case) -> None:
    _leave_a_fork()
    os._exit(3)


def becomes_a_daemon(case: bc.Case) -> None:
    if os.fork() == 0:
        os.setsid()
        _leave_a_fork()
        os._exit(0)
    os.wait()
    os._exit(4)


def starts_a_program_and_aborts(case: bc.Case) -> None:
    started = subprocess.Popen(["sleep", "600"], start_new_session=True)
    _note(started.pid)
    os.abort()


def closes_its_pipes_and_goes_on(case: bc.Case) -> None:
    os.closerange(3, 64)
    time.sleep(600)


def stops_itself(case: bc.Case) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def deletes_its_folder(case: bc.Case) -> None:
    shutil.rmtree(tempfile.gettempdir())
    os._exit(5)


def puts_a_file_there(case: bc.Case) -> None:
    folder = Path(tempfile.gettempdir())
    shutil.rmtree(folder)
    folder.write_text("no folder any more")
    os._exit(6)


def puts_a_link_there(case: bc.Case) -> None:
    folder = Path(tempfile.gettempdir())
    shutil.rmtree(folder)
    folder.symlink_to(Path(os.environ["HOSTILE_PIDS"]).parent)
    os._exit(7)


def puts_a_pipe_for_the_traceback(case: bc.Case) -> None:
    trace = Path(tempfile.gettempdir(), "traceback.txt")
    trace.unlink()
    os.mkfifo(trace)
    os._exit(8)


def scribbles_over_the_traceback(case: bc.Case) -> None:
    Path(tempfile.gettempdir(), "traceback.txt").write_bytes(b"\xff\x00File \xfe" * 10**5)
    os._exit(9)


def locks_its_folder(case: bc.Case) -> None:
    Path(tempfile.gettempdir(), "more").mkdir()
    for folder in (Path(tempfile.gettempdir(), "more"), Path(tempfile.gettempdir())):
        folder.chmod(0)
    os._exit(10)


def _sends(data: bytes) -> None:
    """Write into every pipe that is no standard stream: the channel of the worker is one."""
    for descriptor in range(3, 20):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, data)
        except OSError:
            continue


def answers_another_question(case: bc.Case) -> None:
    _sends(protocol.packed(protocol.Returned(True)))


def answers_nothing(case: bc.Case) -> None:
    _sends(protocol.packed(protocol.Answered(Answer())))


def answers_for_another_case(case: bc.Case) -> None:
    grads = {name: np.zeros(99) for name in case.inputs}
    _sends(protocol.packed(protocol.Answered(Answer(bc.Result(1.0, grads)))))


def announces_without_end(case: bc.Case) -> None:
    for _ in range(100):
        _sends(100 * protocol.packed(protocol.Began()))


def promises_too_much(case: bc.Case) -> None:
    _sends(protocol.MAGIC + (2**33).to_bytes(8, "little"))
    time.sleep(600)


def sends_a_deep_nest(case: bc.Case) -> None:
    body = b"\x91" * 60_000
    _sends(protocol.MAGIC + len(body).to_bytes(8, "little") + body)


HOSTILE: tuple[Callable[[bc.Case], None], ...] = (
    forks_and_exits, becomes_a_daemon, starts_a_program_and_aborts, closes_its_pipes_and_goes_on,
    stops_itself, deletes_its_folder, puts_a_file_there, puts_a_link_there,
    puts_a_pipe_for_the_traceback, scribbles_over_the_traceback, locks_its_folder,
    answers_another_question, answers_nothing, answers_for_another_case, announces_without_end,
    promises_too_much, sends_a_deep_nest,
)  # fmt: skip
FIRST = 2000
"""The seed of the first; every other case is answered as it should be."""


def by_seed(case: bc.Case) -> Any:
    """Does what the seed says."""
    number = -1 if case.spec is None else case.spec.seed - FIRST
    if 0 <= number < len(HOSTILE):
        HOSTILE[number](case)
    return right(case)


def deletes_its_folder_and_goes_on(case: bc.Case) -> Any:
    """Right, and needs the folder that it has deleted in its last call."""
    with tempfile.TemporaryFile() as file:
        file.write(b"1")
    shutil.rmtree(tempfile.gettempdir())
    return right(case)


def with_deadly_supports(case: bc.Case) -> Any:
    """Right, and ends the process when it is asked what it supports."""
    return right(case)


with_deadly_supports.supports = lambda model: os._exit(3)
