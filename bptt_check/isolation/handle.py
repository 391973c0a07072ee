"""The parent's side: a subject that lives in a worker process and survives its own death."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import subjects
from ..calling import OVERTIME, Answer, Elsewhere
from ..case import Case, Result
from ..errors import SpecError, SubjectFailed, SubjectNotFound, Unsupported
from ..model import LAYOUTS, Model
from ..process import PATIENCE, Child, last_words
from . import memory as _memory
from . import wire

GRACE = 1.0
"""Seconds beyond the limit after which a worker that did not interrupt itself is killed."""
LOOK = 0.02
"""Seconds between two looks at the memory of a worker."""
IN_A_ROW, IN_ALL = 3, 32
"""Deaths and time-outs on one model after which the subject is not called on that model."""
START = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from bptt_check.isolation.worker import main
main()
"""


class Ended(SubjectFailed):
    """The worker is dead; the text says of what."""


class Isolated(Elsewhere):
    """A subject in a process of its own.

    Whatever ends that process is the answer of the case that it was asked, and the next case gets
    a fresh one. `close()`, or the end of a `with` block, ends the process; so does our own end.

    Args:
        text: names the subject, as on the command line.
        timeout: seconds for one call; None is five minutes.
        memory: the most it may use, such as `"2G"`; None is no limit.

    Raises:
        SubjectNotFound: the text leads nowhere, or the import fails or ends the process.
        SpecError: a limit is impossible.
    """

    def __init__(
        self,
        text: str,
        timeout: float | None = None,
        memory: str | int | None = None,
    ) -> None:
        if timeout is not None and timeout <= 0:
            raise SpecError(f"timeout must be positive, got {timeout!r}.")
        self._timeout = timeout
        self._memory = None if memory is None else _memory.parse_size(memory)
        if self._memory is not None:
            _memory.check_measurable()
        self._text = text
        self.name = shlex.quote(text)  # so that a line that reproduces a failure can be pasted
        self._deaths: dict[str, list[int]] = {}
        self._last: dict[str, str] = {}
        self._no_supports: dict[Model, str] = {}
        self._scratch = tempfile.TemporaryDirectory(prefix="bptt_check")
        self._worker: _Worker | None = None
        self._finalizer = weakref.finalize(self, _cleanup, [], self._scratch)
        hello = self._start()
        self.targets = hello.targets
        self._functions = hello.functions
        if set(hello.cells) - set(LAYOUTS):  # the oracles, which run here, need their equations
            subjects.load(text)

    # --- what a subject is asked -----------------------------------------------------------------

    def ask(
        self, case: Case, timeout: float | None = None, probe: bool = False, once: bool = False
    ) -> Answer:
        """What came of a case, the death of the worker included."""
        model = str(case.model)
        if reason := self._no_supports.get(case.model):
            return Answer(error=reason)
        if reason := self._given_up(model):
            return Answer(error=reason, asked=False)
        limit = timeout or self._timeout or PATIENCE
        try:
            reply = self._request(wire.Ask(case, limit, probe, once), limit)
        except Ended as end:
            self._count(model, str(end))
            return Answer(error=str(end))
        except SubjectFailed as error:
            return Answer(error=str(error))
        assert isinstance(reply, wire.Answered)
        if reply.answer.error.startswith(OVERTIME):
            self._count(model, reply.answer.error)
        elif model in self._deaths:
            self._deaths[model][0] = 0
        return reply.answer

    def __call__(self, case: Case) -> Result:
        """The result for a case.

        Raises:
            Unsupported: the subject declined.
            SubjectFailed: it gave none; the text says why.
        """
        answer = self.ask(case, once=True)
        if answer.unsupported:
            raise Unsupported(answer.unsupported)
        if answer.result is None:
            raise SubjectFailed(answer.error or answer.findings[0].message)
        return answer.result

    def supports(self, model: Model) -> bool:
        """What the subject says; a failure to say it becomes the answer of the model's cases."""
        if "supports" not in self._functions:
            return True
        try:
            return bool(self._returned(wire.Supports(model)))
        except SubjectFailed as error:
            self._no_supports[model] = f"was asked supports({model}) and {error}"
            return True

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """`clip`, `clip_by_value` and `update`, as far as the subject has them."""
        if name.startswith("_") or name not in self._functions:
            raise AttributeError(name)
        return lambda *arguments: self._returned(wire.Call(name, list(arguments)))

    # --- life and death ---------------------------------------------------------------------------

    def close(self) -> None:
        """End the worker."""
        self._drop()
        self._finalizer()

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _given_up(self, model: str) -> str:
        in_row, in_all = self._deaths.get(model, [0, 0])
        if in_row < IN_A_ROW and in_all < IN_ALL:
            return ""
        times = f"{in_row} times in a row" if in_row >= IN_A_ROW else f"{in_all} times"
        return (
            f"was not called any more on {model}, having run out of time or ended its process "
            f"{times}; the last time it {self._last[model]}"
        )

    def _count(self, model: str, end: str) -> None:
        in_row, in_all = self._deaths.get(model, [0, 0])
        self._deaths[model] = [in_row + 1, in_all + 1]
        self._last[model] = end

    def _returned(self, request: wire.Request) -> Any:
        reply = self._request(request, self._timeout or PATIENCE)
        assert isinstance(reply, wire.Returned)
        return reply.value

    def _start(self) -> wire.Hello:
        """Start a worker and let it load the subject."""
        self._worker = worker = _Worker(Path(self._scratch.name), self._memory)
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, _cleanup, [worker.child], self._scratch)
        tied = threading.current_thread() is threading.main_thread()
        start = wire.Start(self._text, str(worker.trace), self._scratch.name, tied)
        try:
            reply = worker.request(start, PATIENCE)
        except Ended as end:
            self._drop()
            raise SubjectNotFound(f"importing {self._text} failed: it {end}.") from None
        except BaseException:
            self._drop()
            raise
        if isinstance(reply, wire.Refused):
            self._drop()
            raise SubjectNotFound(reply.message)
        assert isinstance(reply, wire.Hello)
        return reply

    def _request(self, request: wire.Request, limit: float) -> wire.Reply:
        """Ask the worker, a fresh one if there is none.

        Raises:
            Ended: it died of this.
            SubjectFailed: it lives and has no answer.
        """
        if self._worker is None:
            try:
                self._start()
            except SubjectNotFound as error:
                raise Ended(f"could not be loaded again: {error}") from error
        assert self._worker is not None
        try:
            reply = self._worker.request(request, limit)
        except BaseException:  # Ctrl-C too: what it does now is of no use to anybody
            self._drop()
            raise
        if isinstance(reply, wire.Failed):
            raise SubjectFailed(reply.error)
        return reply

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.child.kill()
            self._worker = None


def _cleanup(children: list[Child], scratch: tempfile.TemporaryDirectory[str]) -> None:
    for child in children:
        child.kill()
    with contextlib.suppress(OSError):  # a file that another process still holds
        scratch.cleanup()


class _Worker:
    """One life of the worker process."""

    def __init__(self, folder: Path, memory: int | None) -> None:
        self.trace = folder / "traceback.txt"
        self.trace.write_text("")
        self._memory = memory
        command = [sys.executable, "-c", START, json.dumps(sys.path)]
        self.child = Child(command, wire.receive, own_group=True)

    def request(self, request: wire.Request, limit: float) -> wire.Reply:
        """Send a request and wait for its reply.

        Raises:
            Ended: the worker died, took too long, used too much or spoke nonsense. It may still
                run and must be dropped.
        """
        self.child.send(wire.packed(request))
        reply = self._next(limit)
        while isinstance(reply, wire.Began):
            reply = self._next(limit)
        return reply

    def _next(self, limit: float) -> wire.Reply:
        """The next message, with the limits kept while it is waited for."""
        deadline = time.monotonic() + limit + GRACE
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            try:
                body = self.child.receive(left if self._memory is None else min(left, LOOK))
                if body is not None:
                    return wire.read_reply(body)
            except TimeoutError:
                self._look(deadline, limit)
                continue
            except wire.Garbled as error:
                raise Ended(str(error)) from error
            ending = self.child.ending()
            raise Ended(ending + (self._place() or last_words(self.child.said)))

    def _look(self, deadline: float, limit: float) -> None:
        """Raise `Ended` if the worker is over one of its limits."""
        if self._memory is not None and _memory.resident(self.child.pid) > self._memory:
            raise Ended(f"used more than {_memory.show_size(self._memory)} of memory")
        if time.monotonic() >= deadline:
            self._ask_where()
            raise Ended(f"{OVERTIME} {limit:g} s for one case{self._place()}, and had to be killed")

    def _ask_where(self) -> None:
        """Have the worker write where it hangs; its handler needs no turn of the interpreter."""
        if not hasattr(signal, "SIGUSR1"):
            return
        self.child.signal(signal.SIGUSR1)
        for _ in range(20):
            time.sleep(LOOK)
            if self._place():
                return

    def _place(self) -> str:
        """The innermost line of the subject's own code in the traceback it left, if any."""
        found = re.findall(r'File "(.+)", line (\d+) in (.+)', self.trace.read_text())
        library = (str(Path(json.__file__).parents[1]), str(Path(__file__).parents[1]))
        own = [f for f in found if not f[0].startswith(library)]
        if not own:
            return ""
        file, line, function = own[0]
        return f" (line {line} of {function} in {Path(file).name})"
