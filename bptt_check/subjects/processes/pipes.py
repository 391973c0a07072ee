"""Both pipes of a child process, never waited for beyond a deadline.

The end of a pipe is not the end of a process: a fork that lives on holds the pipe open, and a
process that lives can close it. So the process itself is watched beside its pipe.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import subprocess
import threading
import time
from typing import IO, Protocol

CHUNK = 2**16
"""Bytes that are read at once: what a pipe holds. For more, memory would be mapped each time."""
INTERVAL = 0.05
"""Seconds between two looks at a process that the system cannot tell the end of by itself."""
LAST_WORDS = 2.0
"""Seconds in which a thread must have read what an ended process left in its pipe. It is waited for
only where another process holds that pipe: else its end comes at once."""


class Pipes(Protocol):
    """What a process reads from us and writes to us."""

    def write(self, message: bytes, deadline: float) -> None:
        """Write to its standard input; that nobody reads it any more shows in what is read next.

        Raises:
            TimeoutError: it was not read by then, on the clock of `time.monotonic`.
        """
        ...

    def read(self, deadline: float) -> bytes:
        """Some of what it writes to its standard output; empty once nothing more of it comes,
        since it closed the pipe or has ended.

        Raises:
            TimeoutError: nothing came by then.
        """
        ...

    def end_input(self) -> None:
        """Close its standard input; a write that hangs is not waited for."""
        ...

    def close(self) -> None:
        """Close both."""
        ...


def pipes_of(process: subprocess.Popen[bytes]) -> Pipes:
    """The pipes of a process that was started with both."""
    return PolledPipes(process) if hasattr(select, "poll") else ThreadedPipes(process)


class PolledPipes:
    """Pipes in the thread of the caller, where the system can wait for several at once."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stdin, self._stdout = _streams(process)
        self._end = _descriptor_of(process)
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._stdout, select.POLLIN)
        self._writable.register(self._stdin, select.POLLOUT)
        for stream in (self._stdin, self._stdout):
            os.set_blocking(stream.fileno(), False)
        for poll in (self._readable, self._writable):
            if self._end is not None:
                poll.register(self._end, select.POLLIN)

    def write(self, message: bytes, deadline: float) -> None:
        """See `Pipes`."""
        left = memoryview(message)
        with contextlib.suppress(ConnectionError, ValueError):  # closed there, or here
            while left:
                try:
                    left = left[os.write(self._stdin.fileno(), left) :]
                except BlockingIOError:
                    if self._wait(self._writable, deadline):
                        return

    def read(self, deadline: float) -> bytes:
        """See `Pipes`."""
        self._wait(self._readable, deadline)
        try:
            return os.read(self._stdout.fileno(), CHUNK)
        except (BlockingIOError, ValueError):  # it has ended; another process holds the pipe
            return b""

    def end_input(self) -> None:
        """See `Pipes`."""
        self._stdin.close()

    def close(self) -> None:
        """See `Pipes`."""
        self._stdin.close()
        self._stdout.close()
        if self._end is not None:
            os.close(self._end)
            self._end = None

    def _wait(self, poll: select.poll, deadline: float) -> bool:
        """Wait for a pipe; whether the process has ended instead."""
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            pause = left if self._end is not None else min(left, INTERVAL)
            ready = {descriptor for descriptor, _ in poll.poll(pause * 1e3)}
            if ready:
                return ready == {self._end}
            if self._end is None and self._process.poll() is not None:
                return True
            if left == 0.0:
                raise TimeoutError


class ThreadedPipes:
    """Pipes with a thread for each: where the system cannot wait for several at once."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stdin, self._stdout = _streams(process)
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, daemon=True, name="bptt_check messages").start()

    def write(self, message: bytes, deadline: float) -> None:
        """See `Pipes`."""
        writer = threading.Thread(target=self._put, args=(message,), daemon=True)
        writer.start()
        writer.join(max(deadline - time.monotonic(), 0.0))
        if writer.is_alive():
            raise TimeoutError

    def read(self, deadline: float) -> bytes:
        """See `Pipes`."""
        while True:
            ended = self._process.poll() is not None
            left = max(deadline - time.monotonic(), 0.0)
            with contextlib.suppress(queue.Empty):
                return self._chunks.get(timeout=min(left, LAST_WORDS if ended else INTERVAL))
            if ended:
                return b""
            if left == 0.0:
                raise TimeoutError

    def end_input(self) -> None:
        """See `Pipes`."""
        closer = threading.Thread(target=self._close_stdin, daemon=True)
        closer.start()  # waits for the lock of a write that hangs
        closer.join(INTERVAL)

    def close(self) -> None:
        """See `Pipes`; the thread that reads closes what it reads."""
        self.end_input()

    def _deliver(self) -> None:
        with self._stdout, contextlib.suppress(OSError):
            while chunk := os.read(self._stdout.fileno(), CHUNK):
                self._chunks.put(chunk)
        self._chunks.put(b"")

    def _put(self, message: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(message)
            self._stdin.flush()

    def _close_stdin(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stdin.close()


def _streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _descriptor_of(process: subprocess.Popen[bytes]) -> int | None:
    """What becomes readable when the process ends, where there is such a thing."""
    with contextlib.suppress(AttributeError, OSError):
        return os.pidfd_open(process.pid)
    return None
