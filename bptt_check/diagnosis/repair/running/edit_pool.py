"""Several processes that try edits at the same time; the first of them does all else."""

from __future__ import annotations

import itertools
import os
import queue
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import partial

from ..messages import EditOutcome, FunctionText, LinesObserved, Rebased
from .edit_runner import RESTARTS, EditRunner

MOST = 4
"""Processes at most: each of them may have a framework in memory."""
HEAD_START = 1.0
"""Seconds that the first process tries edits alone: most repairs are found by then."""
TAKEN = 32
"""Edits that a process takes at once."""
SECONDS_TO_END = 15.0
"""How long is waited for a process that is still at an edit."""


class EditPool:
    """The same as an `EditRunner`, in several processes where there are processors for them.

    Args:
        subject: its text, as on the command line.
        specs: lines of the specs that edits are judged on.
        processes: None for as many as there are processors, up to four.

    Raises:
        SubjectNotFound, SubjectFailed: as of `EditRunner`.
    """

    def __init__(self, subject: str, specs: Sequence[str], processes: int | None = None) -> None:
        self._another = partial(EditRunner, subject, specs)
        self._count = min(MOST, _processors()) if processes is None else processes
        self._first = self._another()
        self._others: dict[int, EditRunner] = {}
        self.begun = self._first.begun

    def __enter__(self) -> EditPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        for runner in (self._first, *self._others.values()):
            runner.close()

    def observe(self, case: int) -> LinesObserved:
        """What the functions of the subject, as it stands, do on a case."""
        return self._first.observe(case)

    def probe(self, edits: Sequence[FunctionText], case: int) -> tuple[list[int] | None, ...]:
        """The blocks of a case that each edit changes; None of an edit without an answer."""
        return self._first.probe(edits, case)

    def rebase(self, functions: Sequence[FunctionText]) -> Rebased:
        """Give the subject these functions for good."""
        for runner in self._others.values():
            runner.rebase(functions)
        return self._first.rebase(functions)

    def try_edits(
        self, edits: Iterable[FunctionText], order: Sequence[int], until: float
    ) -> Generator[EditOutcome]:
        """What each edit makes right, as it is known; `number` is its place among the edits.

        Args:
            edits: each the text of the function that it changes.
            order: of the cases.
            until: on the clock of `time.monotonic`.
        """
        work = _Work(edits, tuple(order), until)
        threads = [
            threading.Thread(target=self._carry_out, args=(work, n), daemon=True)
            for n in range(self._count)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in threads:
                yield from work.outcomes_of_one()
        finally:
            work.stopped.set()
            for thread in threads:
                thread.join(SECONDS_TO_END)

    def _carry_out(self, work: _Work, number: int) -> None:
        """What one thread does: its process tries edits as long as there are some."""
        try:
            runner = self._runner(number, work)
            if runner is not None:
                work.do(runner)
        except BaseException as error:  # the thread that reads the outcomes raises it
            work.outcomes.put(error)
        else:
            work.outcomes.put(None)

    def _runner(self, number: int, work: _Work) -> EditRunner | None:
        """The process of a thread; None if it is over before there is one."""
        if number == 0:
            return self._first
        if number not in self._others:
            if work.stopped.wait(HEAD_START):
                return None
            runner = self._another()
            if base := self._first.base:
                runner.rebase(base)
            self._others[number] = runner
        return self._others[number]


class _Work:
    """Edits that several threads take, and what comes of them."""

    def __init__(self, edits: Iterable[FunctionText], order: tuple[int, ...], until: float) -> None:
        self._left, self._lock = enumerate(edits), threading.Lock()
        self._order, self._until = order, until
        self.outcomes: queue.SimpleQueue[EditOutcome | BaseException | None] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def do(self, runner: EditRunner) -> None:
        """Have a process try what is left, with others."""
        while not self.stopped.is_set() and time.monotonic() < self._until:
            taken = self._take()
            if not taken or runner.restarts > RESTARTS:
                return
            numbers, texts = zip(*taken, strict=True)
            for one in runner.try_edits(texts, self._order, self._until):
                self.outcomes.put(EditOutcome(numbers[one.number], one.right, one.error))

    def _take(self) -> list[tuple[int, FunctionText]]:
        with self._lock:
            return list(itertools.islice(self._left, TAKEN))

    def outcomes_of_one(self) -> Iterator[EditOutcome]:
        """Outcomes, of whichever thread, until one of the threads has ended."""
        while (outcome := self.outcomes.get()) is not None:
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
