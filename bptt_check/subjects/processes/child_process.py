"""A child process that is watched, and that never outlives its use.

Standard input and output carry a protocol; standard error belongs to the child, is shown as it
comes, and its end is kept, since the last words of a dead process say most about its death.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO

from ...errors import SubjectFailed, clean
from ..time_limit import not_interrupted
from .descendants import Descendants
from .pipes import pipes_of

KEPT = 4000
"""Bytes of standard error that are kept."""
SECONDS_TO_END = 5.0
"""Seconds that a closed or killed process gets to be gone; after that we go on without it."""
SECONDS_TO_DRAIN = 0.5
"""Seconds for the last words of a process: its pipe may be held by what could not be ended."""
_NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)

Take = Callable[[bytearray, bool], bytes | None]
"""Takes the first message off what came until now; None if it is not whole. Told whether more can
come.
"""


class Child:
    """A running command that sends messages on its standard output.

    It leads a session, so that Ctrl-C reaches only us; `kill` also reaches what it has started.

    Args:
        command: program and arguments, no shell.
        take: takes the first message off what came.
        grouped: whether it and what it starts are kept in a control group, where there are such.

    Raises:
        SubjectFailed: the system does not start it; the text says why.
    """

    def __init__(self, command: Sequence[str], take: Take, grouped: bool = False) -> None:
        self._take, self._came, self._owner = take, bytearray(), os.getpid()
        self.descendants = Descendants(grouped)
        try:
            with not_interrupted():
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self.descendants.environment,
                    start_new_session=os.name == "posix",  # keeps Ctrl-C away from the child
                    creationflags=_NEW_GROUP,  # as this does on Windows
                )
                self.descendants.begin(self._process.pid)
                assert self._process.stderr is not None
                self._pipes = pipes_of(self._process)
                self._tail = _Tail(self._process.stderr)
        except OSError as error:
            self.descendants.kill()
            raise SubjectFailed(f"could not be started: {error}") from error
        except BaseException:  # Ctrl-C, before there is anything to kill
            self.descendants.kill()
            raise

    @property
    def stderr_end(self) -> str:
        """The last lines of its standard error; complete once it has ended."""
        return self._tail.text

    def send(self, message: bytes, timeout: float) -> None:
        """Write to its standard input. That it is closed shows in what is received next.

        Raises:
            TimeoutError: it did not read all of it in so many seconds.
        """
        self._pipes.write(message, time.monotonic() + timeout)

    def end_input(self) -> None:
        """Close its standard input."""
        self._pipes.end_input()

    def receive(self, timeout: float) -> bytes | None:
        """The next message; None when it has ended, or closed its standard output.

        Raises:
            TimeoutError: none came in so many seconds.
            Exception: whatever `take` raised.
        """
        deadline, more = time.monotonic() + timeout, True
        while (message := self._take(self._came, not more)) is None and more:
            chunk = self._pipes.read(deadline)
            self._came += chunk
            more = bool(chunk)
        return message

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(OSError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, and what it has started: nothing that they do with signals can prevent
        that. A fork of the process that started it ends nothing.
        """
        if os.getpid() != self._owner:
            return
        with not_interrupted():
            self.descendants.kill()
            with contextlib.suppress(OSError):
                self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(SECONDS_TO_END)
            self._pipes.close()
            self._tail.join(SECONDS_TO_DRAIN)

    def ending(self) -> str:
        """How it ended, as a verb phrase; waits for the end, and kills what does not come to it."""
        return describe_status(self.status(SECONDS_TO_END))

    def status(self, timeout: float) -> int | None:
        """Its exit status, negative that of a signal; None if it had to be killed."""
        status = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(timeout)
        self.kill()
        return status


def describe_status(status: int | None) -> str:
    """`exited with status 3`, `ended by signal SIGSEGV (segmentation fault)`; None is of a process
    that did not end when its pipe did.
    """
    if status is None:
        return "closed its standard output and went on"
    if status >= 0:
        return f"exited with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:  # a real-time signal has no name
        return f"ended by signal {-status}"
    return f"ended by signal {name} ({(signal.strsignal(-status) or '').lower()})"


class _Tail(threading.Thread):
    """Shows what comes out of a pipe on our standard error and keeps the end of it.

    The end of the pipe ends the thread, which owns the pipe and closes it.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True, name="bptt_check stderr")
        self._pipe = pipe
        self._kept = b""
        self.start()

    @property
    def text(self) -> str:
        return self._kept.decode("utf-8", "replace")

    def run(self) -> None:
        with self._pipe:
            while chunk := os.read(self._pipe.fileno(), 65536):
                self._kept = (self._kept + chunk)[-KEPT:]
                with contextlib.suppress(OSError, ValueError, AttributeError):  # ours is closed
                    sys.stderr.write(_harmless(chunk))
                    sys.stderr.flush()


def _harmless(output: bytes) -> str:
    """Output of a child as lines that are no commands to a terminal; one that is written over and
    over, as a bar of progress, becomes several.
    """
    text = output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return clean(text, lines=True)


def end_of_stderr(stderr: str, lines: int = 3) -> str:
    """The end of what a process wrote to its standard error, as part of a sentence."""
    words = [line.strip() for line in stderr.splitlines() if line.strip()][-lines:]
    return f"; the end of its standard error: {' / '.join(words)}" if words else ""
