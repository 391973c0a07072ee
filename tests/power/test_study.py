"""A whole study: what it needs, and what it measures."""

from __future__ import annotations

import bptt_reference
import numpy as np
import pytest
from support.power_studies import SAMPLE, needs_flint, silent_progress

from bptt_check.errors import MissingFramework
from bptt_check.mutation import mutants
from bptt_check.power import false_alarms, study
from bptt_check.power.records import OutcomeKind


def test_study_without_exact_arithmetic_is_refused(monkeypatch: pytest.MonkeyPatch):
    """Nothing could be shown to be the same formula: said at once, with what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(MissingFramework, match=r"pip install 'bptt-check\[flint\]'"):
        study.measure_power(study.StudyOptions(SAMPLE), silent_progress())


@needs_flint
def test_small_study_measures_mutants_and_right_code(monkeypatch: pytest.MonkeyPatch):
    """From end to end in this process: mutants of a file, checks of one right implementation."""
    monkeypatch.setattr("bptt_check.power.outcomes.EARLY", 2)
    monkeypatch.setattr(
        false_alarms, "implementations", lambda: {"reference": bptt_reference.loss_and_grads}
    )
    options = study.StudyOptions(SAMPLE, cases=2, every=25, checks=20, others=False, processes=0)

    power = study.measure_power(options, silent_progress(), "the command")

    assert len(power.outcomes) == len(mutants(SAMPLE)[::25])
    assert {o.kind for o in power.outcomes} <= set(OutcomeKind)
    assert power.false_alarms is not None
    assert power.false_alarms.total >= 20
    assert power.command == "the command"
    assert np.all([s >= 0 for s in power.seconds.values()])
