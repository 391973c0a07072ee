"""What a process has started, wherever it went: into a session of its own, or to another parent.

Where a control group can be made, the system keeps the list. Elsewhere on Linux a process is found
as a child, or a child's child, of the one that we started (the worker adopts what loses its
parent), by its session, and by a word in its environment. On other systems it is found by its
process group alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .control_group import make_control_group

MARK = "BPTT_CHECK_PROCESSES"
"""The variable whose words name the processes of ours that a process descends from."""
LONGEST_END = 5.0
"""Seconds that killed processes get to be gone; after that we go on without it."""
PAUSE = 0.005
"""Seconds between two looks whether they are."""


class Descendants:
    """A process that leads a session, and all that it has started.

    Args:
        grouped: whether to use a control group, where one can be made.
    """

    def __init__(self, grouped: bool) -> None:
        self._word = uuid.uuid4().hex
        self._leader: int | None = None
        self._group = make_control_group() if grouped else None

    @property
    def environment(self) -> dict[str, str]:
        """Ours, and the word that all that the process starts inherits."""
        return {**os.environ, MARK: f"{os.environ.get(MARK, '')} {self._word}".strip()}

    def begin(self, pid: int) -> None:
        """The process has been started."""
        self._leader = pid
        if self._group is not None and not self._group.add(pid):
            self._group = None

    def pids(self) -> set[int]:
        """The process and what it has started; quick, and complete where there is a group or no
        parent has died.
        """
        if self._leader is None:
            return set()
        return {*children_of(self._leader), *(() if self._group is None else self._group.pids())}

    def kill(self) -> None:
        """End them all at once: nothing that they do with signals can prevent that."""
        found = self._running({})  # first: what loses its parent is nobody's child any more
        self._kill(found)
        deadline = time.monotonic() + LONGEST_END
        while (found := self._running(found)) and time.monotonic() < deadline:
            self._kill(found)
            time.sleep(PAUSE)  # what they start meanwhile is found in the next round
        if self._group is not None:
            self._group.remove(LONGEST_END)

    def _running(self, before: Mapping[int, str]) -> dict[int, str]:
        """Those that run on Linux, with the time at which each was started: numbers of processes
        are given anew.

        Args:
            before: those that were found before, whose parents may have ended since.
        """
        if sys.platform != "linux":
            return {}
        still = {pid for pid, start in before.items() if _start(pid) == start}
        found = {*still, *self.pids(), *self._marked()}
        ours = {child for each in found for child in children_of(each)}
        return {pid: _start(pid) for pid in ours if _runs(pid)}

    def _kill(self, pids: Iterable[int]) -> None:
        """Kill these, and what else the system knows to be ours."""
        if self._group is not None:
            self._group.kill()
        with contextlib.suppress(OSError):
            if os.name == "posix" and self._leader is not None:
                # also after its own end, for what it left running in its group
                os.killpg(self._leader, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _marked(self) -> Iterator[int]:
        """All that are in the session, or have the word in their environment."""
        word = self._word.encode()
        for pid in map(int, filter(str.isdigit, _names("/proc"))):
            session = _fields(pid)[3:4]
            if session == [str(self._leader)] or word in _content(f"/proc/{pid}/environ"):
                yield pid


def children_of(pid: int) -> list[int]:
    """A process, its children and theirs, by whichever of its threads they were started."""
    pids = [pid]
    for each in pids:
        for task in _names(f"/proc/{each}/task"):
            pids += map(int, _content(f"/proc/{each}/task/{task}/children").split())
    return pids


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    return _fields(pid)[:1] not in ([], ["Z"], ["X"])


def _start(pid: int) -> str:
    """When a process was started, in ticks since that of the system; "" of one that is gone."""
    return "".join(_fields(pid)[19:20])


def _fields(pid: int) -> list[str]:
    """The state of a process, its parent, group, session, ...; empty of one that is gone."""
    stat = _content(f"/proc/{pid}/stat")
    return stat[stat.rfind(b")") + 1 :].decode("ascii", "replace").split()


def _names(folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir(folder)
    return []


def _content(path: str) -> bytes:
    """A file of /proc; empty of a process that has ended or is not ours."""
    with contextlib.suppress(OSError):
        return Path(path).read_bytes()
    return b""
