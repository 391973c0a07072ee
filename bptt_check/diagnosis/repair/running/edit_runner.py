"""The parent's side: edits in, what each makes right out, whatever becomes of the process."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from typing import Any, TypeVar

from ....errors import SubjectFailed, SubjectNotFound
from ....subjects.isolation import memory_limit, protocol
from ....subjects.processes.child_process import Child, end_of_stderr
from ....subjects.processes.scratch import Scratch
from ..messages import (
    Begin,
    Begun,
    EditOutcome,
    FunctionText,
    LinesObserved,
    NotBegun,
    Observe,
    Probed,
    ProbeEdits,
    Rebase,
    Rebased,
    TriedAll,
    TryEdits,
    reply_in,
)

START = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from bptt_check.diagnosis.repair.running.edit_process import serve_edits
serve_edits()
"""
T = TypeVar("T")
BATCH = 64
"""Edits of one request: after so many it is seen whether the process is what it was."""
SECONDS_TO_BEGIN = 120.0
"""What the import of a subject and its first calls get."""
SLOWER, SHORTEST, LONGEST = 20.0, 0.5, 10.0
"""How many times what the unedited subject takes a call of an edited one may, in seconds at least
and at most."""
GRACE = 1.0
"""Seconds beyond its limit after which a process that did not interrupt itself is ended."""
INTERVAL = 0.05
"""Seconds between two looks at the memory of the process."""
MEMORY = 2**31
"""Bytes that edited code may take beside what the unedited subject has."""
RESTARTS = 8
"""Processes that edits may end before the search does."""
LARGEST = 2**26
"""Bytes of the largest reply."""


class EditRunner:
    """Runs a subject with edits of its source, in a process of its own.

    Args:
        subject: its text, as on the command line.
        specs: lines of the specs that edits are judged on.
        memory: bytes that it may use beside what it has unedited.

    Raises:
        SubjectNotFound: the text leads nowhere, or the subject takes none of the cases.
        SubjectFailed: its process ended, or took too long.
    """

    def __init__(self, subject: str, specs: Sequence[str], memory: int = MEMORY) -> None:
        self._subject, self._specs, self._memory = subject, tuple(specs), memory
        self._base: tuple[FunctionText, ...] = ()
        self.restarts = 0
        self._child: Child | None = None
        self._limit: int | None = None
        self.begun = self._start()

    def __enter__(self) -> EditRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()
            self._scratch.remove()
            self._child = None

    @property
    def base(self) -> tuple[FunctionText, ...]:
        """The functions that the subject was given for good."""
        return self._base

    def observe(self, case: int) -> LinesObserved:
        """What the functions of the subject, as it stands, do on a case."""
        return self._asked(Observe(case), SECONDS_TO_BEGIN, LinesObserved)

    def rebase(self, functions: Sequence[FunctionText]) -> Rebased:
        """Give the subject these functions for good."""
        kept = [t for t in self._base if t.file not in {f.file for f in functions}]
        self._base = (*kept, *functions)
        return self._asked(Rebase(tuple(functions)), SECONDS_TO_BEGIN, Rebased)

    def probe(self, edits: Sequence[FunctionText], case: int) -> tuple[list[int] | None, ...]:
        """The blocks of a case that each edit changes; None of an edit without an answer."""
        seconds = self._seconds_of_call([case])
        request = ProbeEdits(tuple(edits), case, seconds)
        return self._asked(request, SECONDS_TO_BEGIN + seconds, Probed).changed

    def try_edits(
        self, edits: Iterable[FunctionText], order: Sequence[int], until: float
    ) -> Generator[EditOutcome]:
        """What each edit makes right, in their order, as long as there is time.

        Args:
            edits: each the text of the function that it changes.
            order: of the cases.
            until: on the clock of `time.monotonic`.
        """
        done, left = 0, iter(edits)
        batch = tuple(itertools.islice(left, BATCH))
        while batch and time.monotonic() < until and self.restarts <= RESTARTS:
            count = 0
            if self._child is None:
                self._restart()
            try:
                for tried in self._batch(batch, tuple(order), until):
                    yield EditOutcome(done + count, tried.right, tried.error)
                    count += 1
                    if time.monotonic() >= until + GRACE:  # so long it has for the batch
                        self.close()  # what it still does is of no use to anybody
                        return
            except SubjectFailed as error:
                yield EditOutcome(done + count, (), str(error))
                count += 1
                self._restart()
            done += count
            rest = batch[count:]
            batch = (*rest, *itertools.islice(left, BATCH - len(rest)))

    def _batch(
        self, edits: tuple[FunctionText, ...], order: tuple[int, ...], until: float
    ) -> Generator[EditOutcome]:
        """The replies to one request.

        Raises:
            SubjectFailed: the process ended over the first edit without a reply.
        """
        seconds = self._seconds_of_call(order)
        self._send(TryEdits(edits, order, seconds))
        for _ in edits:
            left = max(until - time.monotonic(), 0.0) + GRACE
            yield self._received(min(seconds * len(order) + GRACE, left), EditOutcome)
        if not self._received(SECONDS_TO_BEGIN, TriedAll).healthy:
            self._restart()

    def _seconds_of_call(self, order: Sequence[int]) -> float:
        slowest = max(self.begun.seconds[n] for n in order)
        return min(max(SLOWER * slowest, SHORTEST), LONGEST)

    def _start(self) -> Begun:
        self._scratch = Scratch()
        command = [sys.executable, "-c", START, json.dumps(sys.path)]
        try:
            self._child = Child(command, lambda came, _: protocol.take(came, LARGEST), grouped=True)
            tied = threading.current_thread() is threading.main_thread()
            scratch = self._scratch
            begin = Begin(
                self._subject,
                self._specs,
                str(scratch.trace),
                str(scratch.path),
                tied,
                SECONDS_TO_BEGIN / 4,
            )
            self._limit = None
            self._send(begin)
            begun = self._received(SECONDS_TO_BEGIN, Begun)
            self._limit = self._memory + memory_limit.resident(self._child.descendants.pids())
        except BaseException:
            self.close()
            raise
        return begun

    def _restart(self) -> None:
        """Another process, with the same functions."""
        self.close()
        self.restarts += 1
        self._start()
        if self._base:
            self._send(Rebase(self._base))
            self._received(SECONDS_TO_BEGIN, Rebased)

    def _asked(self, request: Any, seconds: float, kind: type[T]) -> T:
        if self._child is None:
            self._restart()
        self._send(request)
        return self._received(seconds, kind)

    def _send(self, request: Any) -> None:
        assert self._child is not None
        try:
            self._child.send(protocol.packed(request), SECONDS_TO_BEGIN)
        except TimeoutError:
            raise SubjectFailed("did not read what it was asked") from None

    def _received(self, seconds: float, kind: type[T]) -> T:
        """The next reply.

        Raises:
            SubjectFailed: the process ended, took too long, too much memory, or spoke nonsense.
            SubjectNotFound: it says that it cannot.
        """
        body = self._frame(seconds)
        if body is None:
            assert self._child is not None
            ending = self._child.ending()
            raise SubjectFailed(ending + end_of_stderr(self._child.stderr_end))
        try:
            reply = reply_in(body)
        except protocol.GarbledMessage as error:
            raise SubjectFailed(str(error)) from error
        if isinstance(reply, NotBegun):
            raise SubjectNotFound(reply.message)
        if not isinstance(reply, kind):
            raise SubjectFailed(f"answered with {type(reply).__name__}")
        return reply

    def _frame(self, seconds: float) -> bytes | None:
        assert self._child is not None
        deadline = time.monotonic() + seconds
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            try:
                return self._child.receive(min(left, INTERVAL))
            except protocol.GarbledMessage as error:
                raise SubjectFailed(str(error)) from error
            except TimeoutError:
                pass
            if time.monotonic() >= deadline:
                raise SubjectFailed(f"did not come back in {seconds:g} s")
            held = memory_limit.resident(self._child.descendants.pids())
            if self._limit is not None and held > self._limit:
                raise SubjectFailed(f"took more than {memory_limit.show_size(self._limit)}")
