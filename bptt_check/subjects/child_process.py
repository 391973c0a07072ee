"""A child process that is watched, and that never outlives its use.

Standard input and output carry a protocol; standard error belongs to the child, is shown as it
comes, and its end is kept, since the last words of a dead process say most about its death.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from ..errors import clean

KEPT = 4000
"""Bytes of standard error that are kept."""
LONGEST_WAIT = 300.0
"""Seconds to wait for a message where no limit was given: nothing waits for ever."""
SECONDS_TO_END = 5.0
"""Seconds that a closed or killed process gets to be gone; after that we go on without it."""


Received = bytes | Exception | None
"""What comes from a child: a message, what was raised in reading one, or None at the end."""


class Child:
    """A running command that sends messages on its standard output.

    Args:
        command: program and arguments, no shell.
        read: takes one message from a stream; None at its end.
        own_group: the child leads a process group, so that Ctrl-C reaches only us and `kill` also
            reaches what the child has started.
    """

    def __init__(
        self,
        command: Sequence[str],
        read: Callable[[IO[bytes]], bytes | None],
        own_group: bool = False,
    ) -> None:
        self._leads = own_group and os.name == "posix"
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **(_own_group() if own_group else {}),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.stdin: IO[bytes] = self._process.stdin
        self._inbox: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._tail = _Tail(self._process.stderr)
        self._reader = threading.Thread(
            target=_deliver,
            args=(self._process.stdout, read, self._inbox),
            daemon=True,
            name="bptt_check messages",
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def stderr_end(self) -> str:
        """The last lines of its standard error; complete once it has ended."""
        return self._tail.text

    def send(self, message: bytes) -> None:
        """Write to its standard input. That it is closed shows in what is received next."""
        with contextlib.suppress(OSError, ValueError):
            self.stdin.write(message)
            self.stdin.flush()

    def receive(self, timeout: float) -> bytes | None:
        """The next message; None when its standard output has ended.

        Raises:
            TimeoutError: none came in so many seconds.
            Exception: whatever `read` raised.
        """
        try:
            message = self._inbox.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(message, Exception):
            raise message
        return message

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, and its group: nothing that it does with signals can prevent that."""
        if self._leads:
            # also after its own end, for what it left running in its group
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._reap()

    def ending(self) -> str:
        """How it ended, as a verb phrase; waits for the end, and kills what does not come to it."""
        status = self.status()
        if status is None:
            return "closed its standard output and went on"
        return describe_status(status)

    def status(self) -> int | None:
        """Its exit status, negative that of a signal; None if it had to be killed."""
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        status = self._process.returncode
        self.kill()
        return status

    def _reap(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_END)
        with contextlib.suppress(OSError):  # what was buffered for a dead reader
            self.stdin.close()
        self._reader.join(SECONDS_TO_END)
        self._tail.join(SECONDS_TO_END)


def _deliver(
    stream: IO[bytes],
    read: Callable[[IO[bytes]], bytes | None],
    inbox: queue.SimpleQueue[Received],
) -> None:
    """Bring messages to where they can be waited for, until the stream ends."""
    with stream:
        try:
            while (message := read(stream)) is not None:
                inbox.put(message)
        except Exception as error:
            inbox.put(error)
    inbox.put(None)


def _own_group() -> dict[str, Any]:
    """Arguments of `Popen` that keep Ctrl-C away from the child."""
    if os.name == "posix":
        return {"process_group": 0}
    return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}


def describe_status(status: int) -> str:
    """`exited with status 3`, `ended by signal SIGSEGV (segmentation fault)`."""
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
                with contextlib.suppress(OSError, ValueError):  # ours may be closed by now
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
