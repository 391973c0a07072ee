"""Seconds by stage: the innermost counts, and a whole stage keeps its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.clocks import Clock

from bptt_check.cases.timing.stage_clock import (
    Stage,
    StageClock,
    clock_of_run,
    counted_by,
    timed,
    timed_as,
    timed_each,
)


@pytest.fixture
def time() -> Clock:
    """The time of a test."""
    return Clock()


def test_innermost_stage_has_the_time(time: Clock) -> None:
    """Judging asks for the rounding model; the seconds of one are not those of the other too."""
    with counted_by(StageClock(now=time)) as clock:
        with timed(Stage.JUDGING):
            time.seconds += 1.0
            with timed(Stage.ROUNDING):
                time.seconds += 4.0
            time.seconds += 2.0
        time.seconds += 8.0

    assert clock.seconds == {(Stage.JUDGING, ""): 3.0, (Stage.ROUNDING, ""): 4.0}


@pytest.mark.parametrize("whole", [Stage.SHRINKING, Stage.DIAGNOSIS, Stage.CURVES])
def test_whole_stage_keeps_the_time_of_what_it_asks(time: Clock, whole: Stage) -> None:
    """Or a reader would not see that shrinking took a minute."""
    begun: list[Stage] = []
    with counted_by(StageClock(lambda stage, _: begun.append(stage), time)) as clock, timed(whole):
        time.seconds += 1.0
        with timed(Stage.SUBJECT):
            time.seconds += 4.0

    assert clock.seconds == {(whole, ""): 5.0}
    assert begun == [whole]


def test_each_value_is_timed_and_what_is_done_with_it_is_not(time: Clock) -> None:
    """An oracle may answer one by one, between which cases are judged."""

    def results() -> Iterator[int]:
        for n in range(3):
            time.seconds += 1.0
            yield n

    got: list[int] = []
    with counted_by(StageClock(now=time)) as clock:
        for n in timed_each(Stage.ORACLE, "torch", results()):
            time.seconds += 10.0
            got.append(n)

    assert got == [0, 1, 2]
    assert clock.seconds == {(Stage.ORACLE, "torch"): 3.0}


def test_listener_is_told_each_stage_and_the_target(time: Clock) -> None:
    """As progress shows them."""
    begun: list[tuple[Stage, str]] = []
    with counted_by(StageClock(lambda *told: begun.append(told), time)) as clock:
        clock.target = "lstm"
        with timed(Stage.JUDGING), timed(Stage.ROUNDING):
            pass

    assert begun == [(Stage.JUDGING, "lstm"), (Stage.ROUNDING, "lstm")]


def test_stage_that_raises_ends(time: Clock) -> None:
    """And so do those that it has left open."""
    clock = StageClock(now=time)
    left_open = clock.timed(Stage.ROUNDING, "")

    def interrupted() -> None:
        with timed(Stage.JUDGING):
            left_open.__enter__()
            time.seconds += 1.0
            raise KeyboardInterrupt

    with counted_by(clock):
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        time.seconds += 1.0

    assert clock.idle
    assert clock.seconds == {(Stage.JUDGING, ""): 0.0, (Stage.ROUNDING, ""): 1.0}


def test_decorated_function_is_a_stage_only_where_a_clock_counts(time: Clock) -> None:
    """It returns what it returned."""

    @timed_as(Stage.ROUNDING)
    def doubled(n: int) -> int:
        time.seconds += n
        return 2 * n

    assert doubled(3) == 6
    with counted_by(StageClock(now=time)) as clock:
        assert doubled(2) == 4

    assert clock.seconds == {(Stage.ROUNDING, ""): 2.0}


def test_run_in_a_call_of_a_subject_has_a_clock_of_its_own(time: Clock) -> None:
    """A subject may verify something itself; between two calls the clock stays the same."""
    with counted_by(StageClock(now=time)) as outer:
        with clock_of_run() as clock:
            assert clock is outer
        with timed(Stage.SUBJECT), clock_of_run() as inner, timed(Stage.JUDGING):
            assert inner is not outer

    assert set(outer.seconds) == {(Stage.SUBJECT, "")}


def test_other_threads_are_not_counted(time: Clock) -> None:
    """Two runs at once do not disturb each other."""

    def work() -> None:
        with timed(Stage.JUDGING):
            time.seconds += 1.0

    with counted_by(StageClock(now=time)) as clock:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert clock.seconds == {}
