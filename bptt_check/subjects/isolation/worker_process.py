"""One life of the worker process: its limits, and what it died of."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path

from ...cases.contract import Outcome
from ...errors import SubjectFailed
from ..calling import overtime
from ..child_process import Child, last_words
from . import memory_limit as _memory, protocol

GRACE = 1.0
"""Seconds beyond the limit after which a worker that did not interrupt itself is killed."""
LOOK = 0.02
"""Seconds between two looks at the memory of a worker."""
WHERE = 3.0
"""Seconds that a hanging worker gets to write where it hangs, before it is killed."""
START = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from bptt_check.subjects.isolation.worker import main
main()
"""


class Ended(SubjectFailed):
    """The worker is dead, or has to die; the text says of what."""

    def __init__(self, message: str, outcome: Outcome = Outcome.DIED) -> None:
        super().__init__(message)
        self.outcome = outcome


class Worker:
    """One life of the worker process."""

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
                body = self.child.receive(left if self._memory is None else min(left, LOOK))
                if body is not None:
                    return protocol.read_reply(body)
            except TimeoutError:
                self._look(deadline, limit)
                continue
            except protocol.Garbled as error:
                raise Ended(str(error)) from error
            ending = self.child.ending()
            raise Ended(ending + (self._place() or last_words(self.child.said)))

    def _look(self, deadline: float, limit: float) -> None:
        """Raise `Ended` if the worker is over one of its limits."""
        if self._memory is not None and _memory.resident(self.child.pid) > self._memory:
            raise Ended(f"used more than {_memory.show_size(self._memory)} of memory")
        if time.monotonic() >= deadline:
            self._ask_where()
            what = f"{overtime(limit)}{self._place()}, and had to be killed"
            raise Ended(what, Outcome.TIMED_OUT)

    def _ask_where(self) -> None:
        """Have the worker write where it hangs; its handler needs no turn of the interpreter."""
        if not hasattr(signal, "SIGUSR1"):
            return
        self.child.signal(signal.SIGUSR1)
        deadline = time.monotonic() + WHERE
        while not self._place() and time.monotonic() < deadline:
            time.sleep(LOOK)

    def _place(self) -> str:
        """The innermost line of the subject's own code in the traceback it left, if any."""
        found = re.findall(r'File "(.+)", line (\d+) in (.+)', self.trace.read_text())
        library = (str(Path(json.__file__).parents[1]), str(Path(__file__).parents[2]))
        own = [f for f in found if not f[0].startswith(library)]
        if not own:
            return ""
        file, line, function = own[0]
        return f" (line {line} of {function} in {Path(file).name})"
