"""A folder for temporary files whose user may do anything to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_OURS = stat.S_IFDIR | stat.S_IRWXU
"""The mode of a folder that is ours alone."""
LONGEST_TRACE = 2**16
"""Bytes of a file that are read: what a crashing process writes is shorter."""


class Scratch:
    """A new folder, and in it a file in which a process leaves what it did last.

    Raises:
        OSError: the folder for temporary files is full, or not there.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        self.path = Path(tempfile.mkdtemp(prefix="bptt_check"))
        self.trace = self.path / "traceback.txt"
        self._trace: IO[bytes] = open(self.trace, "w+b")  # noqa: SIM115  # closed by `remove`

    def restore(self) -> None:
        """Make the folder again if it was deleted, replaced or closed.

        Raises:
            OSError: it cannot be.
        """
        try:
            mode = os.lstat(self.path).st_mode
        except FileNotFoundError:
            mode = 0
        if mode == _OURS:
            return
        if not stat.S_ISDIR(mode):
            self.path.unlink(missing_ok=True)
            self.path.mkdir(mode=stat.S_IRWXU)
        elif os.name == "posix":
            self.path.chmod(stat.S_IRWXU)

    def read_trace(self) -> str:
        """The beginning of what was left, whatever became of the name of the file."""
        with contextlib.suppress(OSError, ValueError):
            self._trace.seek(0)
            return self._trace.read(LONGEST_TRACE).decode("utf-8", "replace")
        return ""

    def remove(self) -> None:
        """Remove the folder; a fork of the process that made it removes nothing."""
        if os.getpid() != self._owner:
            return
        self._trace.close()
        with contextlib.suppress(OSError, RecursionError):
            if self.path.is_symlink() or self.path.is_file():
                self.path.unlink()
            elif self.path.exists():
                _unlock(self.path)
                shutil.rmtree(self.path, ignore_errors=True)


def _unlock(folder: Path) -> None:
    """Let everything in a folder be removed."""
    for path in (str(folder), *_folders_in(folder)):
        with contextlib.suppress(OSError):
            os.chmod(path, stat.S_IRWXU)


def _folders_in(folder: Path) -> Iterator[str]:
    """Each is given before it is looked into."""
    for parent, names, _ in os.walk(folder):
        yield from (p for n in names if not os.path.islink(p := os.path.join(parent, n)))
