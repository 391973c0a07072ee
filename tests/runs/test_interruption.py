"""Interrupts: none is lost that should end something, none ends what must be done."""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bptt_check.runs import interruption
from bptt_check.runs.interruption import (
    SECONDS_UNTIL_AGAIN,
    ended_early,
    guarded,
    handling,
    interruptible,
    uninterrupted,
)

TOO_LONG = 20 * SECONDS_UNTIL_AGAIN
"""Seconds of work that ends only by an interrupt."""


@pytest.fixture(autouse=True)
def _pythons_own_handler() -> Iterator[None]:
    """A shell may have had Ctrl-C ignored, and a test that fails must not leave a handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press() -> None:
    """What Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


def go_on(seconds: float = TOO_LONG) -> None:
    """Work for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)


def lost_in_garbage_collection() -> None:
    """In a callback of the collector, as hypothesis has one."""

    def callback(*_: Any) -> None:
        gc.callbacks.remove(callback)
        press()

    gc.callbacks.insert(0, callback)
    gc.collect()


def lost_in_a_destructor() -> None:
    """Where an object ends."""

    class Ends:
        def __del__(self) -> None:
            press()

    Ends()


def lost_in_a_bare_except() -> None:
    """Below code that catches everything."""
    with contextlib.suppress(BaseException):  # as foreign code does
        press()


LOSERS = [lost_in_garbage_collection, lost_in_a_destructor, lost_in_a_bare_except]


@pytest.mark.parametrize("lose", LOSERS)
def test_an_interrupt_that_is_lost_is_raised_again(lose: Callable[[], None]) -> None:
    """And ends the work well within a second."""

    def work() -> None:
        lose()
        go_on()

    begin = time.monotonic()
    with handling(signal.SIGINT):
        assert ended_early(work)
    assert time.monotonic() - begin < TOO_LONG


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lose", LOSERS)
def test_without_a_handler_it_stays_lost(lose: Callable[[], None]) -> None:
    """Which is what the handler is for."""

    def work() -> None:
        lose()
        go_on(2 * SECONDS_UNTIL_AGAIN)

    assert not ended_early(work)


def test_nothing_is_told_of_an_interrupt_that_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback in the middle of a run; another error that is lost there is told."""
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type.__name__))

    class Fails:
        def __del__(self) -> None:
            raise ValueError

    def work() -> None:
        lost_in_a_destructor()
        Fails()
        go_on()

    with handling(signal.SIGINT):
        assert ended_early(work)
    assert told == ["ValueError"]


def test_it_does_not_reach_what_comes_after() -> None:
    """What was meant for one work is not raised in the next."""

    def lose_and_end() -> None:
        lost_in_a_bare_except()

    with handling(signal.SIGINT):
        assert not ended_early(lose_and_end)
        assert not ended_early(lambda: go_on(2 * SECONDS_UNTIL_AGAIN))


def test_what_must_be_done_is_done() -> None:
    """However often Ctrl-C is pressed."""

    def result() -> int:
        press()
        press()
        return 7

    with handling(signal.SIGINT):
        assert uninterrupted(result) == 7


def test_work_that_is_not_marked_is_interrupted_at_once() -> None:
    """As it would be without a handler."""
    with handling(signal.SIGINT), pytest.raises(KeyboardInterrupt):
        press()


def test_an_interrupt_waits_for_the_next_work() -> None:
    """Unless there is none; and once only."""

    def two() -> tuple[bool, bool]:
        press()
        return ended_early(lambda: None), ended_early(lambda: None)

    with handling(signal.SIGINT):
        assert uninterrupted(two) == (True, False)


def test_it_ends_the_work_around_what_must_be_done() -> None:
    """A step of the work is done to its end, the next one is not."""
    done: list[str] = []

    def step() -> None:
        press()
        done.append("step")

    def work() -> None:
        uninterrupted(step)
        go_on()
        done.append("all")

    with handling(signal.SIGINT):
        assert ended_early(work)
    assert done == ["step"]


def test_a_second_one_costs_nothing() -> None:
    """It comes while what is known is put together."""

    def known() -> tuple[bool, str]:
        early = ended_early(press)
        press()
        return early, "known"

    assert guarded(known) == (True, "known")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_a_signal_that_somebody_else_has_is_left_alone(handler: Any) -> None:
    """`nohup`, a job in the background, or a program with a handler of its own."""
    signal.signal(signal.SIGINT, handler)
    with handling(signal.SIGINT):
        assert signal.getsignal(signal.SIGINT) is handler
        assert not ended_early(press)


def test_every_signal_that_is_named_interrupts() -> None:
    """What ends a process from outside as well; and afterwards none does."""
    with handling(signal.SIGINT, signal.SIGTERM):
        assert ended_early(lambda: signal.raise_signal(signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_other_threads_have_no_signals() -> None:
    """There, work is just done."""
    results: list[int] = []
    thread = threading.Thread(
        target=lambda: results.append(guarded(lambda: interruptible(lambda: 3)))
    )
    thread.start()
    thread.join()

    assert results == [3]


def test_nothing_stays_behind() -> None:
    """No thread, no hook, no handler."""
    threads, hook = threading.active_count(), sys.unraisablehook
    with handling(signal.SIGINT):
        assert threading.active_count() == threads + 1
        assert interruption.ended_early(press)
    assert (threading.active_count(), sys.unraisablehook) == (threads, hook)
