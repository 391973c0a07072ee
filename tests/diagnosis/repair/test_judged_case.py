"""A case with the truth: what an answer has right, block by block."""

from __future__ import annotations

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.diagnosis.repair.judged_case import judged, specs_to_judge

CASE = bc.Spec.parse("lstm T=3 B=2 D=2 H=3 O=2").build()


def answer(**changes: np.ndarray) -> bc.Result:
    """What the reference gives, with some gradients changed."""
    loss, grads = loss_and_grads(CASE)
    return bc.Result(loss, {**grads, **changes})


def test_a_right_answer_has_every_block() -> None:
    """Gates are blocks of their own; the loss is the first, that there is an answer the last."""
    case = judged(CASE, CASE.params)

    assert case.right(answer()) == list(range(len(case.blocks)))
    assert (case.blocks[0], case.blocks[-1]) == (("loss", 0), ("answer", 0))
    assert ("W_hh_l0", 3) in case.blocks


def test_one_wrong_entry_makes_its_gate_wrong_alone() -> None:
    """The smallest that a budget does not allow is enough."""
    case = judged(CASE, CASE.params)
    wrong = np.array(answer().grads["W_hh_l0"])
    wrong[4, 1] *= 1 + 1e-9
    left = set(range(len(case.blocks))) - set(case.right(answer(W_hh_l0=wrong)))

    assert {case.blocks[n] for n in left} == {("W_hh_l0", 1)}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_wrong(value: float) -> None:
    """NaN is no number, and infinity no near one."""
    case = judged(CASE, ["b_y"])

    assert case.right(answer(b_y=np.full(2, value))) == [0]


def test_an_answer_of_numbers_is_something() -> None:
    """All that an edit may have made right, where another fault is left."""
    case = judged(CASE, ["b_y"])
    wrong = answer(b_y=np.ones(2))

    assert case.right(bc.Result(2.0, wrong.grads)) == [len(case.blocks) - 1]


def test_no_answer_has_nothing_right() -> None:
    """What an edit that raises gives."""
    assert judged(CASE, ["b_y"]).right(None) == []


def test_what_changed_is_told_whether_it_is_right_or_not() -> None:
    """By the last bit."""
    case = judged(CASE, ["b_y", "W_hy"])
    other = answer(b_y=np.nextafter(answer().grads["b_y"], 1.0))

    assert [case.blocks[n] for n in case.changed(other, answer())] == [("b_y", 0)]


def test_specs_are_few_small_and_like_those_that_failed() -> None:
    """Of the same model and dtype; with one sequence alone where only that may be taken."""
    failing = [bc.Spec.parse("gru T=9 B=1 D=8 H=7 O=2 dtype=float32 regime=one_hot")]
    specs = specs_to_judge(failing)

    assert all(str(s.model) == "gru" and s.dtype == "float32" for s in specs)
    assert failing[0] in specs
    assert {s.sizes.T for s in specs} >= {1, 3}
    assert sum(s.sizes.B == 1 for s in specs) >= 4
    assert len(specs) <= 12
