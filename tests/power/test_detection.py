"""On which case a mutant is caught, and by what."""

from __future__ import annotations

from typing import Any

import bptt_reference
import pytest
from support.power_studies import ORACLES, TARGET, sample_mutant

import bptt_check as bc
from bptt_check.cases.targets import parse_targets
from bptt_check.mutation import mutants
from bptt_check.power.detection import Detection, detect, specs_of
from bptt_check.runs.target_cases import Plan
from bptt_check.verdicts.verdict import Verdict


@pytest.mark.parametrize("name", ["gru+mse", "lstm+linear+lengths+truncated", "rnn-relu"])
def test_cases_of_a_target_are_those_of_a_run(name):
    """The number of a case says how many cases a run would have needed."""
    (target,) = parse_targets(name)

    assert specs_of(target) == list(Plan((target,)).design(target).specs(100))


def test_case_on_which_the_original_fails_catches_nothing():
    """An edit of wrong code cannot be blamed for what was wrong before."""

    def wrong(case: bc.Case) -> Any:
        return 0.0, bptt_reference.loss_and_grads(case)[1]

    edit = sample_mutant("h_t_bar: + -> -")

    (detection,) = detect([edit], [TARGET], [1], lambda *_: True, None, ORACLES, wrong).values()

    assert detection.first == {}


def test_merge_keeps_the_smallest_number_of_each_oracle():
    """Two parts of one study are as one."""
    early = Detection({"harness": 2, "a": 4}, Verdict.FAIL, "t", "t", {"a", "b"}, 4)
    late = Detection({"harness": 3, "b": 1}, Verdict.ERROR, "u", "", {"b"}, 3)

    both = late.merge(early)

    assert both.first == {"harness": 2, "a": 4, "b": 1}
    assert (both.verdict, both.target, both.cases) == (Verdict.FAIL, "t", 7)
    assert both.is_complete
    assert not early.is_complete


def test_oracle_that_cannot_judge_is_not_waited_for():
    """Complex step says nothing of relu, and the study stops without it."""
    ending = "affine_weight_bar(a_bar, h[:-1]) -> -affine_weight_bar(a_bar, h[:-1])"
    (edit,) = [m for m in mutants() if m.name.startswith("rnn") and m.name.endswith(ending)]
    oracles = ["complex_step", "finite_difference"]

    (detection,) = detect(
        [edit], parse_targets("rnn-relu+mse"), range(1, 9), lambda *_: True, None, oracles
    ).values()

    assert detection.able == {"finite_difference"}
    assert detection.is_complete
