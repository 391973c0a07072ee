"""How long a subject may take."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator

from ..errors import SpecError, SubjectTimeout

SECONDS_TO_LOAD = 30.0
"""What an import gets where the limit of a call is less: frameworks take long on a busy machine."""


class _OutOfTime(BaseException):
    """Not an Exception, so that a subject that catches those cannot swallow it."""


def overtime(seconds: float, of: str = "one case") -> str:
    """What a subject did that ran out of time."""
    return f"took longer than the limit of {seconds:g} s for {of}"


def seconds_to_load(timeout: float | None) -> float | None:
    """How long an import may take, and the hello line of a program; None is no limit."""
    return None if timeout is None else max(timeout, SECONDS_TO_LOAD)


def check_limit(seconds: float | None) -> None:
    """Raise `SpecError` for a limit that is not positive, or cannot be had here."""
    if seconds is None:
        return
    if seconds <= 0:
        raise SpecError(f"timeout must be positive, got {seconds!r}.")
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        raise SpecError("timeout needs SIGALRM and the main thread; use timeout=None here.")


@contextlib.contextmanager
def time_limit(seconds: float | None, of: str = "one case") -> Generator[None]:
    """Raise `SubjectTimeout` in the body after so many seconds `of` something; None is no limit.

    Interrupts Python code, not a native call that never returns.

    Raises:
        SpecError: the limit is not positive, or cannot be had here (other thread, no SIGALRM).
    """
    if seconds is None:
        yield
        return
    check_limit(seconds)

    def alarm(*_: object) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _OutOfTime:
        raise SubjectTimeout(overtime(seconds, of)) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
