"""Control groups of version 2: the system's own list of a process and all that it has started.

Used only where one can be made, as in a user's session or a container that may; nothing is limited
by it. `docs.kernel.org/admin-guide/cgroup-v2.html` is the definition.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

PREFIX = "bptt_check-"
SECONDS_TO_FILL = 60.0
"""After so long a group without a process is one that was left behind."""
PAUSE = 0.002
"""Seconds between two tries to remove a group whose processes are ending."""


class ControlGroup:
    """One group below ours."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, pid: int) -> bool:
        """Take a process in; whether that worked. What it starts from now on is in it, too."""
        with contextlib.suppress(OSError):
            (self._path / "cgroup.procs").write_text(str(pid))
            return True
        return False

    def pids(self) -> set[int]:
        """The processes in it and in groups below it; zombies are in none."""
        found = set[int]()
        for folder, _, _ in os.walk(self._path):
            with contextlib.suppress(OSError):
                found |= {*map(int, Path(folder, "cgroup.procs").read_text().split())}
        return found - {0}  # those that our view of processes does not have

    def kill(self) -> None:
        """End every process in it."""
        with contextlib.suppress(OSError):
            (self._path / "cgroup.kill").write_text("1")

    def remove(self, seconds: float) -> None:
        """Remove it and the groups below it, as soon as their processes are gone."""
        deadline = time.monotonic() + seconds
        while not self._removed() and time.monotonic() < deadline:
            time.sleep(PAUSE)

    def _removed(self) -> bool:
        for folder, _, _ in os.walk(self._path, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        return not self._path.exists()


def make_control_group() -> ControlGroup | None:
    """A new group below the one that this process is in; None where that cannot be."""
    parent = own_group()
    if parent is None:
        return None
    for left in _left_behind(parent):
        with contextlib.suppress(OSError):  # still in use
            left.rmdir()
    path = parent / f"{PREFIX}{uuid.uuid4().hex}"
    with contextlib.suppress(OSError):
        path.mkdir()
        if (path / "cgroup.kill").exists():
            return ControlGroup(path)
        path.rmdir()
    return None


def own_group() -> Path | None:
    """The folder of the group that this process is in; None where there is none of version 2."""
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((line[3:] for line in lines if line.startswith("0::/")), None)
        for mount in Path("/proc/self/mountinfo").read_text().splitlines():
            words, _, kind = mount.partition(" - ")
            root, point = words.split()[3:5]
            inside = own is not None and f"{own}/".startswith(f"{root.rstrip('/')}/")
            if kind.startswith("cgroup2 ") and own is not None and inside:
                return Path(point, own.removeprefix(root).lstrip("/"))
    return None


def _left_behind(parent: Path) -> Iterator[Path]:
    """Groups of ours below the same one: in use, or of a process that was killed. One that is new
    may be of a process that has still to put into it what it starts.
    """
    with contextlib.suppress(OSError):
        made_before = time.time() - SECONDS_TO_FILL
        yield from (p for p in parent.glob(f"{PREFIX}*") if p.stat().st_mtime < made_before)
