"""The limit raises in the body, is off afterwards, and is refused where it cannot be had."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from bptt_check.errors import SpecError, SubjectTimeout
from bptt_check.subjects.time_limit import not_interrupted, time_limit


def test_the_alarm_is_off_after_an_error():
    """Also when the body raises."""
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(ZeroDivisionError), time_limit(30.0):
        1 / 0  # noqa: B018

    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_time_limit_raises_in_the_body():
    """The error says how long the limit was."""
    with pytest.raises(SubjectTimeout, match=r"limit of 0\.02 s for one case"), time_limit(0.02):
        time.sleep(30)


def test_what_must_not_be_interrupted_is_interrupted_after_it():
    """All of it is done, although the alarm goes off in it; then the limit holds."""
    done = []

    def end_a_process() -> None:
        with not_interrupted():
            time.sleep(0.1)
            done.append("ended")
        time.sleep(30)

    with pytest.raises(SubjectTimeout, match=r"limit of 0\.02 s for one case"), time_limit(0.02):
        end_a_process()

    assert done == ["ended"]


class Collected:
    """Something whose end Python tells, wherever it is at that moment."""


def in_a_weak_reference(told: Callable[..., None]) -> None:
    """Calls back at the end of an object."""
    thing = Collected()
    kept = weakref.ref(thing, told)
    del thing, kept


def in_a_finaliser(told: Callable[..., None]) -> None:
    """Calls back when the last reference to an object goes."""
    kind = type("Finalised", (), {"__del__": told})
    kind()


def in_the_garbage_collector(told: Callable[..., None]) -> None:
    """Calls back at every collection, as some test runners do."""
    gc.callbacks.append(told)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(told)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "calls_back", [in_a_weak_reference, in_a_finaliser, in_the_garbage_collector]
)
def test_alarm_that_is_lost_in_a_callback_comes_again(
    calls_back: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is printed of the one that Python drops."""
    reached: list[str] = []

    def told(*_: object) -> None:
        reached.append("callback")
        time.sleep(30)

    def body() -> None:
        calls_back(told)
        reached.append("after it")
        time.sleep(30)

    began = time.perf_counter()
    with pytest.raises(SubjectTimeout), time_limit(0.05):
        body()

    assert reached[0] == "callback"
    assert reached[-1] == "after it"
    assert time.perf_counter() - began < 15
    assert capsys.readouterr().err == ""


def test_what_a_callback_raises_itself_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the alarm is dropped without a word; the hook is the old one afterwards."""
    dropped: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: dropped.append(lost.exc_type))
    before = sys.unraisablehook

    def fails(*_: object) -> None:
        raise KeyError("mine")

    with time_limit(30.0):
        in_a_weak_reference(fails)

    assert dropped == [KeyError]
    assert sys.unraisablehook is before


def test_limit_shorter_than_its_own_start_and_end_is_one() -> None:
    """It reaches the body, or nothing: no other exception leaves."""
    for _ in range(300):
        try:
            with time_limit(2e-6):
                time.sleep(0)
        except SubjectTimeout:
            pass

    with pytest.raises(SubjectTimeout), time_limit(2e-6):
        time.sleep(30)


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_a_limit_is_positive(seconds):
    """Zero is no limit that anything could keep."""
    with (
        pytest.raises(SpecError, match=f"^timeout must be positive, got {seconds}"),
        time_limit(seconds),
    ):
        pass


def test_no_limit_needs_nothing():
    """None is no limit, in any thread."""
    with time_limit(None):
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_another_thread_has_no_alarm():
    """The error says what to do instead."""
    found: list[BaseException] = []

    def body() -> None:
        try:
            with time_limit(1.0):
                pass
        except SpecError as error:
            found.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()

    assert str(found[0]).startswith("timeout needs SIGALRM and the main thread; use timeout=None")
