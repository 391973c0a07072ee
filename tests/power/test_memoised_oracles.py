"""A case with the answers of its oracles, for the many subjects that are judged on it."""

from __future__ import annotations

import time
from typing import Any

import bptt_reference
import pytest
from support.power_studies import ORACLES, TARGET

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.power import memoised_oracles
from bptt_check.power.detection import specs_of
from bptt_check.power.memoised_oracles import CaseWithOracles
from bptt_check.verdicts.verdict import Verdict


def test_subject_that_never_returns_is_an_error(monkeypatch: pytest.MonkeyPatch):
    """An edit can make a loop endless: it is stopped in the time that a call is given."""
    monkeypatch.setattr(memoised_oracles, "TIMEOUT", 0.2)

    def hang(case: bc.Case) -> Any:
        while True:
            pass

    case = CaseWithOracles(specs_of(TARGET)[0].build(), load_oracles(ORACLES))
    begin = time.monotonic()

    assert case.judge(hang).verdict == Verdict.ERROR
    assert time.monotonic() - begin < 5.0


def test_answer_of_the_unedited_subject_is_known_to_the_last_bit():
    """Another loss is not it, and neither is an error; what is it needs no oracle."""
    unedited = bptt_reference.loss_and_grads
    case = CaseWithOracles(specs_of(TARGET)[3].build(), [], unedited)

    assert case.is_unedited(unedited)
    assert not case.is_unedited(lambda c: (0.0, unedited(c)[1]))
    assert not case.is_unedited(lambda c: 1 / 0)
