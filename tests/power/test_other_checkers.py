"""Other libraries' checks do here what they do elsewhere, and get no credit for false alarms."""

from __future__ import annotations

from typing import Any

import bptt_reference
import pytest
from support.power_studies import TARGET, sample_mutant

import bptt_check as bc
from bptt_check.cases.targets import parse_targets
from bptt_check.power import other_checkers
from bptt_check.power.other_checkers import Instance, accepts, compare_checkers, typical_case
from bptt_check.power.records import CheckerResult


@pytest.mark.parametrize("check", other_checkers.CHECKS)
def test_check_accepts_right_gradients_and_rejects_wrong_ones(check):
    """A wrong gradient and a wrong loss are rejected, the reference is accepted."""
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    right = bptt_reference.loss_and_grads
    instance = Instance(typical_case(parse_targets("lstm+mse")[0], random_state=True), right)

    def wrong(case: bc.Case) -> Any:
        loss, grads = right(case)
        return loss, grads | {"W_hh_l0": 1.1 * grads["W_hh_l0"]}

    assert accepts(check, right, instance)
    assert not accepts(check, wrong, instance)
    assert not accepts(check, lambda case: (0.0, right(case)[1]), instance)


def test_initial_state_of_zeros_hides_what_a_random_one_shows():
    """The instance decides what a check can see, not its tolerance alone."""
    pytest.importorskip("torch")
    right, target = bptt_reference.loss_and_grads, parse_targets("rnn-tanh")[0]

    def wrong(case: bc.Case) -> Any:
        loss, grads = right(case)
        return loss, grads | {"W_hh_l0": grads["W_hh_l0"] + case.h0.sum()}

    zero, random = (Instance(typical_case(target, s), right) for s in (False, True))

    assert accepts("gradcheck", wrong, zero)
    assert not accepts("gradcheck", wrong, random)


def test_check_that_rejects_the_right_code_has_caught_nothing(monkeypatch: pytest.MonkeyPatch):
    """Who rejects everything rejects mutants too; how often right code is rejected is counted."""
    checks = {"never": lambda *_: False, "always": lambda *_: True}
    monkeypatch.setattr(other_checkers, "CHECKS", checks)
    mutant = sample_mutant("h_t_bar: + -> -")

    rejected_right, results = compare_checkers(TARGET, [mutant], bptt_reference.loss_and_grads)

    assert rejected_right["zero state: never"] == (1, 1)
    assert rejected_right["our first 10 cases: never"] == (10, 10)
    assert rejected_right["zero state: always"] == (0, 1)
    assert results[mutant.name]["zero state: never"] == CheckerResult.FALSE_ALARM
    assert results[mutant.name]["zero state: always"] == CheckerResult.PASSED
