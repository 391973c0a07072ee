"""Standard output and error, written as far as they can be: nobody may read them, a disk may be
full. What a command finds out, and its exit status, do not depend on that.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Generator
from typing import Any, TextIO, cast

CLOSED = (errno.EPIPE, errno.EIO, errno.EBADF)
"""Errors of a stream whose reader has gone, as after `| head`, or whose terminal has."""


class BestEffort:
    """A stream that takes everything, and writes it until that fails for the first time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text, what the encoding lacks as escapes."""
        try:
            self._attempt(lambda: self._stream.write(text))
        except UnicodeEncodeError:
            encoding = self._stream.encoding or "ascii"
            escaped = text.encode(encoding, "backslashreplace").decode(encoding)
            self._attempt(lambda: self._stream.write(escaped))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is still in memory."""
        self._attempt(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _attempt(self, write: Any) -> None:
        """Write, unless that has failed before."""
        if self.error is not None:
            return
        try:
            write()
        except OSError as error:
            self.error = error
            self._lead_nowhere()

    def _lead_nowhere(self) -> None:
        """Let the descriptor lead nowhere: what is in memory is written once more at the end."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def best_effort_output() -> Generator[None]:
    """In the body printing raises nothing; at its end it is told if standard output was not
    written for another reason than that nobody reads it.
    """
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # a process may have no streams
        out, err = (BestEffort(stream or nowhere) for stream in before)
        sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
        try:
            yield
        finally:
            _end(out, err)
            sys.stdout, sys.stderr = before


def _end(out: BestEffort, err: BestEffort) -> None:
    """Write what is in memory, and say what could not be written."""
    out.flush()
    if out.error is not None and out.error.errno not in CLOSED:
        err.write(f"standard output could not be written: {out.error.strerror or out.error}\n")
    err.flush()
