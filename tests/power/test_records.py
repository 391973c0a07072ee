"""When a study passes."""

from __future__ import annotations

import dataclasses

from support.power_studies import CAUGHT, EQUIVALENT, STOPPED, STUDY

from bptt_check.power.records import FalseAlarms


def test_study_fails_on_a_missed_mutant_and_on_a_false_alarm():
    """Either of them is enough; without both it passes."""
    outcomes = (CAUGHT, STOPPED, EQUIVALENT)
    good = dataclasses.replace(STUDY, outcomes=outcomes, false_alarms=FalseAlarms())

    assert good.passed
    assert not dataclasses.replace(good, outcomes=STUDY.outcomes).passed
    assert not dataclasses.replace(good, false_alarms=STUDY.false_alarms).passed
