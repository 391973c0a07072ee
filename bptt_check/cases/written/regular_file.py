"""Files of others, opened only where they are files, and read up to a size.

A pipe or a device may never end, or not even open.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO


def open_regular(path: str | Path) -> IO[bytes]:
    """A file, open for reading.

    Raises:
        ValueError: it is a folder, or something else that is no file.
        OSError: it cannot be opened.
    """
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    except IsADirectoryError:
        raise ValueError("it is a folder") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ValueError("it is no regular file")
    return file


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe although nobody writes into it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_regular(path: str | Path, largest: int) -> bytes:
    """The bytes of a file.

    Raises:
        ValueError: it is no file, or has more bytes than `largest`.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        content = file.read(largest + 1)  # it may grow while it is read
    if len(content) > largest:
        raise ValueError(f"it has more than {largest:,} bytes")
    return content
