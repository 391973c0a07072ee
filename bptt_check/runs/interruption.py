"""Ctrl-C and requests to end: raised until they arrive, and held back where they would cost a
result.

Python raises a KeyboardInterrupt wherever it happens to be. Raised in a callback of the garbage
collector, or below code that catches everything, it is lost; raised while what is known is put
together, it loses that. Here it is raised again until the work that it is meant for has ended, and
not at all in work that must be done. Which work that is is read from the stack, so there is no
moment between the two.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import TypeVar

from ..subjects.processes.uninterrupted import uninterrupted
from ..subjects.time_limit import SECONDS_UNTIL_AGAIN, lost_in_callbacks

T = TypeVar("T")


def interruptible(work: Callable[[], T]) -> T:
    """Do work that may be interrupted, also inside of work that may not."""
    if _handler.take_pending():
        raise KeyboardInterrupt
    return work()


def ended_early(work: Callable[[], None]) -> bool:
    """Do work that may be interrupted; returns whether it was."""
    try:
        interruptible(work)
    except KeyboardInterrupt:
        return True
    return False


def guarded(work: Callable[[], T]) -> T:
    """Do work in which Ctrl-C interrupts only what is marked with `interruptible`."""

    def handled() -> T:
        with handling(signal.SIGINT):
            return work()

    return uninterrupted(handled)


@contextlib.contextmanager
def handling(*numbers: int) -> Generator[None]:
    """In the body these signals are interrupts. One that somebody ignores or handles is left alone,
    and so are all of them outside of the main thread.
    """
    default = (signal.SIG_DFL, signal.default_int_handler)
    main = threading.current_thread() is threading.main_thread()
    before = {n: signal.getsignal(n) for n in numbers if main}
    own = {n: handler for n, handler in before.items() if handler in default}
    if not own:
        yield
        return
    with _handler.repeating(), lost_in_callbacks(KeyboardInterrupt):
        for number in own:
            signal.signal(number, _handler)
        try:
            yield
        finally:
            _handler.stop()  # what it still sends comes before the next line
            for number, handler in own.items():
                signal.signal(number, handler)


class _Handler:
    """The handler of all signals that interrupt."""

    def __init__(self) -> None:
        self._pending = self._repeated = False
        self._meant_for: FrameType | None = None
        self._again: queue.SimpleQueue[bool] = queue.SimpleQueue()  # may be used in a handler
        self._stopped = threading.Event()
        self._repeater: threading.Thread | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt if the work at hand may be interrupted, else see to it later."""
        if self._stopped.is_set():
            return
        repeated, self._repeated = self._repeated, False
        marks = list(_marks(frame))
        work = next((f for f in marks if f.f_code is interruptible.__code__), None)
        if repeated and work is not self._meant_for:
            self._meant_for = None  # that work has ended, which is all that was wanted
            return
        self._meant_for = work
        if work is not None:
            self._again.put(True)
        if not marks or marks[0] is work:
            raise KeyboardInterrupt
        self._pending = work is None

    def take_pending(self) -> bool:
        """Whether an interrupt waits for work that may be interrupted; it waits no more."""
        pending, self._pending = self._pending, False
        return pending

    @contextlib.contextmanager
    def repeating(self) -> Generator[None]:
        """In the body an interrupt is sent again until its work has ended."""
        self._again, self._stopped = queue.SimpleQueue(), threading.Event()
        self._repeater = threading.Thread(
            target=self._repeat, args=(threading.get_ident(),), daemon=True, name="bptt_check again"
        )
        self._repeater.start()
        try:
            yield
        finally:
            self.stop()
            self._pending, self._repeated, self._meant_for = False, False, None

    def stop(self) -> None:
        """Send nothing any more."""
        self._stopped.set()
        self._again.put(False)
        if self._repeater is not None:
            self._repeater.join()
            self._repeater = None

    def _repeat(self, thread: int) -> None:
        while self._again.get() and not self._stopped.wait(SECONDS_UNTIL_AGAIN):
            self._repeated = True
            if hasattr(signal, "pthread_kill"):  # also wakes a thread that waits
                signal.pthread_kill(thread, signal.SIGINT)
            else:
                signal.raise_signal(signal.SIGINT)


_handler = _Handler()


def _marks(frame: FrameType | None) -> Generator[FrameType]:
    """The calls of `interruptible` and `uninterrupted` on a stack, the innermost first."""
    marked = (interruptible.__code__, uninterrupted.__code__)
    while frame is not None:
        if frame.f_code in marked:
            yield frame
        frame = frame.f_back
