"""One worker process, from its start to its end: its limits, and what it ended of."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path

from ...cases.contract import Outcome
from ...errors import SubjectFailed
from ..own_code import is_ours
from ..processes.child_process import SECONDS_TO_END, Child, describe_status, end_of_stderr
from ..processes.scratch import Scratch
from ..time_limit import overtime
from . import memory_limit, protocol
from .reply_check import check_reply

GRACE = 1.0
"""Seconds beyond the limit after which a worker that did not interrupt itself is killed."""
INTERVAL = 0.02
"""Seconds between two looks at the memory of a worker."""
SECONDS_TO_WRITE = 3.0
"""Seconds that a hanging worker gets to write where it hangs, before it is killed."""
MOST_ANNOUNCED = 1000
"""Calls that one request is ever about: what announces more only asks for more time."""
LIBRARY = str(Path(json.__file__).parents[1])
"""The folder of the standard library."""
START = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from bptt_check.subjects.isolation.worker import serve
serve()
"""


class Ended(SubjectFailed):
    """The worker is dead, or has to die; the text says of what."""

    def __init__(self, message: str, outcome: Outcome = Outcome.DIED) -> None:
        super().__init__(message)
        self.outcome = outcome


class Worker:
    """One worker process with a scratch folder; a subject that ends it gets another.

    Raises:
        Ended: the system gives no process, or no folder.
    """

    def __init__(self, memory: int | None) -> None:
        self._memory, self._looked = memory, time.monotonic()
        self._largest = protocol.LARGEST_REPLY
        try:
            self.scratch = Scratch()
        except OSError as error:
            raise Ended(f"could not get a folder for temporary files: {error}") from error
        command = [sys.executable, "-c", START, json.dumps(sys.path)]
        try:
            self._child = Child(command, self._take, grouped=True)
        except SubjectFailed as error:
            self.scratch.remove()
            raise Ended(str(error)) from error

    def end(self) -> None:
        """End it with all that it has started, and remove its folder."""
        try:
            self._child.kill()
        finally:
            self.scratch.remove()

    def request(self, request: protocol.Request, limit: float, of: str) -> protocol.Reply:
        """Send a request and wait for its reply.

        Args:
            request: what is asked.
            limit: seconds for each call of the subject.
            of: what they are the limit for.

        Raises:
            Ended: the worker died, took too long, used too much or spoke nonsense. It may still
                run and must be dropped.
        """
        try:
            self.scratch.restore()
        except OSError as error:
            raise Ended(f"made its folder for temporary files unusable: {error}") from error
        message = protocol.packed(request)
        self._largest = protocol.largest_reply(message)
        try:
            self._child.send(message, limit + GRACE)
        except TimeoutError:
            raise self._out_of_time(limit, of) from None
        for _ in range(MOST_ANNOUNCED):
            try:
                reply = self._next(limit, of)
                if not isinstance(reply, protocol.Began):
                    check_reply(request, reply)
                    return reply
            except protocol.GarbledMessage as error:
                raise Ended(str(error)) from error
        raise Ended("announced calls without end")

    def _take(self, came: bytearray, _: bool) -> bytes | None:
        return protocol.take(came, self._largest)

    def _next(self, limit: float, of: str) -> protocol.Reply:
        """The next message, with the limits kept while it is waited for."""
        deadline = time.monotonic() + limit + GRACE
        while True:
            self._check_memory()
            left = max(deadline - time.monotonic(), 0.0)
            try:
                body = self._child.receive(left if self._memory is None else min(left, INTERVAL))
            except TimeoutError:
                if time.monotonic() < deadline:
                    continue
                raise self._out_of_time(limit, of) from None
            if body is not None:
                return protocol.read_reply(body)
            raise Ended(self._ending())

    def _ending(self) -> str:
        """How it ended, and where or with which last words."""
        status = self._child.status(SECONDS_TO_END)
        if status == protocol.PIPES_LOST:
            return "closed the pipes of its process to bptt-check"
        last = self._innermost_line() or end_of_stderr(self._child.stderr_end)
        return describe_status(status) + last

    def _check_memory(self) -> None:
        """Raise `Ended` if the worker and what it has started hold too much; look now and then."""
        if self._memory is None or time.monotonic() < self._looked + INTERVAL:
            return
        self._looked = time.monotonic()
        if memory_limit.resident(self._child.descendants.pids()) > self._memory:
            size = memory_limit.show_size(self._memory)
            raise Ended(f"used more than {size} of memory, the limit that --memory set")

    def _out_of_time(self, limit: float, of: str) -> Ended:
        """That it took too long, and where it hangs."""
        self._have_traceback_written()
        what = f"{overtime(limit, of)}{self._innermost_line()}, and had to be killed"
        return Ended(what, Outcome.TIMED_OUT)

    def _have_traceback_written(self) -> None:
        """Have the worker write where it hangs; its handler needs no turn of the interpreter."""
        if not hasattr(signal, "SIGUSR1"):
            return
        self._child.signal(signal.SIGUSR1)
        deadline = time.monotonic() + SECONDS_TO_WRITE
        while not self._innermost_line() and time.monotonic() < deadline:
            time.sleep(INTERVAL)

    def _innermost_line(self) -> str:
        """The innermost line of the subject's own code in the traceback it left, if any."""
        frames = re.findall(r'File "(.+)", line (\d+) in (.+)', self.scratch.read_trace())
        own = [f for f in frames if not (f[0].startswith(LIBRARY) or is_ours(f[0]))]
        if not own:
            return ""
        file, line, function = own[0]
        return f" (line {line} of {function} in {Path(file).name})"
