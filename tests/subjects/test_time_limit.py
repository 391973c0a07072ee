"""The limit raises in the body, is off afterwards, and is refused where it cannot be had."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from bptt_check.errors import SpecError, SubjectTimeout
from bptt_check.subjects.time_limit import time_limit


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
