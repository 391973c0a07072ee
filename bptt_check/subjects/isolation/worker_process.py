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
from ..child_process import Child, end_of_stderr
from ..own_code import is_ours
from ..time_limit import overtime
from . import memory_limit, protocol

GRACE = 1.0
"""Seconds beyond the limit after which a worker that did not interrupt itself is killed."""
INTERVAL = 0.02
"""Seconds between two looks at the memory of a worker."""
SECONDS_TO_WRITE = 3.0
"""Seconds that a hanging worker gets to write where it hangs, before it is killed."""
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
    """One worker process; a subject that ends it gets another."""

    def __init__(self, folder: Path, memory: int | None) -> None:
        self.trace = folder / "traceback.txt"
        self.trace.write_text("")
        self._memory = memory
        command = [sys.executable, "-c", START, json.dumps(sys.path)]
        self.child = Child(command, protocol.receive, own_group=True)

    def request(self, request: protocol.Request, limit: float) -> protocol.Reply:
        """Send a request and wait for its reply.

        Raises:
            Ended: the worker died, took too long, used too much or spoke nonsense. It may still
                run and must be dropped.
        """
        self.child.send(protocol.packed(request))
        reply = self._next(limit)
        while isinstance(reply, protocol.Began):
            reply = self._next(limit)
        return reply

    def _next(self, limit: float) -> protocol.Reply:
        """The next message, with the limits kept while it is waited for."""
        deadline = time.monotonic() + limit + GRACE
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            try:
                body = self.child.receive(left if self._memory is None else min(left, INTERVAL))
                if body is not None:
                    return protocol.read_reply(body)
            except TimeoutError:
                self._check_limits(deadline, limit)
                continue
            except protocol.GarbledMessage as error:
                raise Ended(str(error)) from error
            ending = self.child.ending()
            raise Ended(ending + (self._innermost_line() or end_of_stderr(self.child.stderr_end)))

    def _check_limits(self, deadline: float, limit: float) -> None:
        """Raise `Ended` if the worker is over one of its limits."""
        if self._memory is not None and memory_limit.resident(self.child.pid) > self._memory:
            size = memory_limit.show_size(self._memory)
            raise Ended(f"used more than {size} of memory, the limit that --memory set")
        if time.monotonic() >= deadline:
            self._have_traceback_written()
            what = f"{overtime(limit)}{self._innermost_line()}, and had to be killed"
            raise Ended(what, Outcome.TIMED_OUT)

    def _have_traceback_written(self) -> None:
        """Have the worker write where it hangs; its handler needs no turn of the interpreter."""
        if not hasattr(signal, "SIGUSR1"):
            return
        self.child.signal(signal.SIGUSR1)
        deadline = time.monotonic() + SECONDS_TO_WRITE
        while not self._innermost_line() and time.monotonic() < deadline:
            time.sleep(INTERVAL)

    def _innermost_line(self) -> str:
        """The innermost line of the subject's own code in the traceback it left, if any."""
        frames = re.findall(r'File "(.+)", line (\d+) in (.+)', self.trace.read_text())
        own = [f for f in frames if not (f[0].startswith(LIBRARY) or is_ours(f[0]))]
        if not own:
            return ""
        file, line, function = own[0]
        return f" (line {line} of {function} in {Path(file).name})"
