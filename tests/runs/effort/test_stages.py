"""The record of where the time of a run went."""

from __future__ import annotations

from bptt_check.cases.timing.stage_clock import Stage
from bptt_check.runs.effort.stages import Stages, added_stages, stages_of


def test_oracles_are_told_apart_by_name() -> None:
    """Every other stage is one."""
    counted = {(Stage.JUDGING, ""): 0.25, (Stage.ORACLE, "jax"): 2.0, (Stage.ORACLE, "torch"): 1.0}

    assert stages_of(counted) == Stages({Stage.JUDGING: 0.25}, {"jax": 2.0, "torch": 1.0})


def test_seconds_of_several_runs_add_up() -> None:
    """Also where one of them lacks a stage, and of none there are none."""
    one = Stages({Stage.JUDGING: 1.0}, {"torch": 1.0})
    other = Stages({Stage.JUDGING: 2.0, Stage.SHRINKING: 4.0}, {"jax": 8.0})

    assert added_stages([one, other]) == Stages(
        {Stage.JUDGING: 3.0, Stage.SHRINKING: 4.0}, {"torch": 1.0, "jax": 8.0}
    )
    assert added_stages([]) == Stages()
