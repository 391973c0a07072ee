"""Seconds by stage of a run. Whoever does the work of a stage marks it with `timed`; the clock that
counts is that of the run under way in this context (and so in this thread), if there is one.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar
from enum import StrEnum
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Stage(StrEnum):
    """What a run does, in the words of reports."""

    STARTING = "starting"
    """Imports of frameworks and of the subject, before the run itself."""
    DRAWING = "drawing cases"
    SUBJECT = "calls of the subject"
    ORACLE = "oracle"
    ROUNDING = "rounding model"
    JUDGING = "judging"
    SYSTEMATIC = "systematic errors"
    """What the errors of many cases have in common."""
    SHRINKING = "shrinking"
    DIAGNOSIS = "diagnosis"
    CURVES = "gradient flow and Taylor tests"
    REPAIR = "search for a repair"
    """The edit of the subject's own source that makes it right, and its proof."""
    REPORT = "report"


WHOLE = frozenset({Stage.SYSTEMATIC, Stage.SHRINKING, Stage.DIAGNOSIS, Stage.CURVES, Stage.REPAIR})
"""Stages that check further cases, whose time is theirs."""
Listener = Callable[[Stage, str], None]
"""Is told which stage begins, and the target at work ("" before the first)."""


class StageClock:
    """Counts the seconds of each stage, of the innermost where one is inside of another.

    Args:
        listener: is called whenever a stage begins.
        now: the time in seconds.
    """

    def __init__(
        self, listener: Listener | None = None, now: Callable[[], float] = time.perf_counter
    ) -> None:
        self.seconds: dict[tuple[Stage, str], float] = {}
        """By stage and name, that of an oracle."""
        self.target = ""
        self._open: list[tuple[Stage, str]] = []
        self._listener, self._now, self._since = listener, now, 0.0

    @property
    def idle(self) -> bool:
        """Whether no stage is under way."""
        return not self._open

    @contextlib.contextmanager
    def timed(self, stage: Stage, name: str) -> Generator[None]:
        """In the body, a stage is under way; inside of a whole one that stays so."""
        if self._open and self._open[-1][0] in WHOLE:
            yield
            return
        depth = len(self._open)
        self._count()
        self._open.append((stage, name))
        try:
            if self._listener is not None:
                self._listener(stage, self.target)
            yield
        finally:
            self._count()
            del self._open[depth:]  # also what an interrupt has left open

    def _count(self) -> None:
        """Add the time that has passed to the stage under way."""
        now = self._now()
        if self._open:
            stage = self._open[-1]
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now


_clock: ContextVar[StageClock | None] = ContextVar("stage_clock", default=None)


@contextlib.contextmanager
def counted_by(clock: StageClock) -> Generator[StageClock]:
    """In the body, a clock counts."""
    token = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(token)


@contextlib.contextmanager
def clock_of_run() -> Generator[StageClock]:
    """In the body, the clock of a run: the one that counts already, unless that is in the middle of
    another run, as where a subject verifies something itself.
    """
    clock = _clock.get()
    with counted_by(clock if clock is not None and clock.idle else StageClock()) as counting:
        yield counting


@contextlib.contextmanager
def timed(stage: Stage, name: str = "") -> Generator[None]:
    """In the body, a stage is under way; no generator may be suspended in it.

    Args:
        stage: what is done.
        name: of the oracle, where it is one.
    """
    clock = _clock.get()
    if clock is None:
        yield
        return
    with clock.timed(stage, name):
        yield


def timed_as(stage: Stage) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator: calls of the function are a stage."""

    def decorated(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> T:
            with timed(stage):
                return function(*args, **kwargs)

        return measured

    return decorated


def timed_each(stage: Stage, name: str, values: Iterator[T]) -> Iterator[T]:
    """The values of an iterator; the time that it takes to get each is that of the stage."""
    end = object()
    while True:
        with timed(stage, name):
            value = next(values, end)
        if value is end:
            return
        yield value  # type: ignore[misc]  # not the end
