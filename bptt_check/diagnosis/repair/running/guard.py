"""What edited code may not do: change files, start processes, open connections.

An edit of a line that removes a temporary file may remove another. Python tells of such calls
before they are made (PEP 578), and what is refused raises there. This holds back accidents, not
intentions: whoever wrote the subject could run any code before.
"""

from __future__ import annotations

import os
import sys
from typing import Any

REFUSED = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.kill", "os.killpg", "os.system", "os.exec", "os.fork",
    "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.putenv", "os.unsetenv",
    "shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.copytree", "subprocess.Popen",
    "socket.connect", "socket.bind", "socket.sendto", "signal.pthread_kill", "sqlite3.connect",
)  # fmt: skip
"""Audit events that change something outside of the process."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """Refuses what changes something outside of a folder, while it is `on`; it lasts as long as
    the process. What the unedited subject did while it was off is let through.

    Args:
        folder: in which everything may be done.
    """

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(os.path.realpath(folder), "")
        self._own: set[str] = set()
        self.on = False
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        opened = event == "open" and _writes(arguments)
        if not (opened or event in REFUSED):
            return
        said = arguments[:1] if opened else arguments
        paths = [os.fsdecode(a) for a in said if isinstance(a, str | bytes | os.PathLike)]
        if paths and all(map(self._inside, paths)):
            return
        call = f"{event}{arguments!r}"
        if not self.on:
            self._own.add(call)
        elif call not in self._own:
            raise PermissionError(f"edited code may not do {call[:200]}")

    def _inside(self, path: str) -> bool:
        return path == os.devnull or os.path.realpath(path).startswith(self._folder)


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Whether an `open` may change a file."""
    _, mode, flags = (*arguments, None, None, None)[:3]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & WRITING)
