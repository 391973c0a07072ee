"""How long a subject may take."""

from __future__ import annotations

import contextlib
import contextvars
import signal
import sys
import threading
from collections.abc import Generator
from types import FrameType
from typing import Any

from ..errors import SpecError, SubjectTimeout
from .context import holding

SECONDS_UNTIL_AGAIN = 0.25
"""After so long an exception that was lost on its way is raised once more."""

LONGEST_WAIT = 300.0
"""Seconds that are waited for another process where no limit was given: nothing for ever."""
SECONDS_TO_LOAD = 30.0
"""What an import gets where the limit of a call is less: frameworks take long on a busy machine."""


_of_call = contextvars.ContextVar[float | None]("of_call", default=None)
"""The limit of the call that is being made."""
_raised_later = contextvars.ContextVar[bool]("raised_later", default=False)
"""Whether an alarm that goes off now is left to the next one."""


class _OutOfTime(BaseException):
    """Not an Exception, so that a subject that catches those cannot swallow it."""


def overtime(seconds: float, of: str = "one case") -> str:
    """What a subject did that ran out of time."""
    return f"took longer than the limit of {seconds:g} s for {of}"


def seconds_to_load(timeout: float | None) -> float | None:
    """How long an import may take, and the hello line of a program; None is no limit."""
    return None if timeout is None else max(timeout, SECONDS_TO_LOAD)


def seconds_of_call() -> float:
    """How long the call that is being made may take, for whoever waits for another process in it;
    `LONGEST_WAIT` where it has no limit.
    """
    return _of_call.get() or LONGEST_WAIT


def watched_elsewhere(seconds: float | None) -> contextlib.AbstractContextManager[None]:
    """In the body calls have a limit that another process keeps: there is no alarm here."""
    return holding(_of_call, seconds)


def not_interrupted() -> contextlib.AbstractContextManager[None]:
    """In the body no limit of time raises, but soon after it: for what starts or ends a process
    and would leave it behind. It must come to an end by itself.
    """
    return holding(_raised_later, True)


def can_interrupt() -> bool:
    """Whether a limit can be had here: on a system with SIGALRM, in the main thread."""
    return hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()


def check_limit(seconds: float | None) -> None:
    """Raise `SpecError` for a limit that is not positive, or cannot be had here."""
    if seconds is None:
        return
    if seconds <= 0:
        raise SpecError(f"timeout must be positive, got {seconds!r}.")
    if not can_interrupt():
        raise SpecError("timeout needs SIGALRM and the main thread; use timeout=None here.")


def time_limit(
    seconds: float | None, of: str = "one case"
) -> contextlib.AbstractContextManager[None]:
    """Raise `SubjectTimeout` in the body after so many seconds `of` something; None is no limit.

    Interrupts Python code, not a native call that never returns.

    Raises:
        SpecError: the limit is not positive, or cannot be had here (other thread, no SIGALRM).
    """
    if seconds is None:
        return contextlib.nullcontext()
    check_limit(seconds)
    return _TimeLimit(seconds, of)


class _TimeLimit(contextlib.AbstractContextManager[None]):
    """The alarm of one body.

    Python raises wherever it is when the alarm goes off. In a callback of the garbage collector or
    of a weak reference that is lost, so it is raised again until the body has ended. It is not
    raised where the body has not begun or has ended: there nobody expects it.
    """

    def __init__(self, seconds: float, of: str) -> None:
        self._seconds, self._of = seconds, of
        self._ended = False
        self._lost = lost_in_callbacks(_OutOfTime)

    def __enter__(self) -> None:
        self._lost.__enter__()
        self._token = _of_call.set(self._seconds)
        self._before = signal.signal(signal.SIGALRM, self._alarm)
        signal.setitimer(signal.ITIMER_REAL, self._seconds, SECONDS_UNTIL_AGAIN)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        _of_call.reset(self._token)
        self._lost.__exit__(None, None, None)
        if kind is not None and issubclass(kind, _OutOfTime):
            raise SubjectTimeout(overtime(self._seconds, self._of)) from None

    def _alarm(self, _: int, frame: FrameType | None) -> None:
        outside = (_TimeLimit.__enter__.__code__, _TimeLimit.__exit__.__code__)
        ended = self._ended or _raised_later.get()
        if not ended and (frame is None or frame.f_code not in outside):
            raise _OutOfTime


@contextlib.contextmanager
def lost_in_callbacks(kind: type[BaseException]) -> Generator[None]:
    """In the body no traceback is printed of such an exception where Python has to drop it: it
    comes again.
    """
    before = sys.unraisablehook

    def tell(unraisable: Any) -> None:
        if not issubclass(unraisable.exc_type, kind):
            before(unraisable)

    sys.unraisablehook = tell
    try:
        yield
    finally:
        sys.unraisablehook = before
