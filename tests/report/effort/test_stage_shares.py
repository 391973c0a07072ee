"""Where the time of a run went, for readers."""

from __future__ import annotations

import pytest
from support import made

from bptt_check.cases.timing.stage_clock import Stage
from bptt_check.report.effort.stage_shares import stage_lines, stage_shares
from bptt_check.runs.effort.stages import Stages


def test_stages_come_by_their_time_and_the_rest_last() -> None:
    """The rest is what no stage of the run itself has: imports come before it, files after."""
    seconds = {Stage.JUDGING: 1.0, Stage.STARTING: 4.0, Stage.REPORT: 2.0}
    run = made.report(seconds=6.0, stages=Stages(seconds, {"torch": 3.0})).run

    assert stage_lines(run) == [
        "time by stage, 12.00 s:",
        "      4.00 s   33%  starting",
        "      3.00 s   25%  oracle torch",
        "      2.00 s   17%  report",
        "      1.00 s    8%  judging",
        "      2.00 s   17%  the rest",
    ]


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_shares_are_never_negative_nor_more_than_all(seconds: float) -> None:
    """Whatever a record from elsewhere says."""
    run = made.report(seconds=seconds, stages=Stages({Stage.JUDGING: seconds + 1.0})).run

    assert [one.share for one in stage_shares(run)] == [1.0, 0.0]
    assert [one.share for one in stage_shares(made.report(stages=Stages({}, {"x": 0.0})).run)] == [
        0.0,
        1.0,
    ]


def test_older_records_have_no_stages() -> None:
    """Then there is nothing to show."""
    assert stage_shares(made.report().run) == []
