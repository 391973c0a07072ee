"""Profiles of the worst case: entry by entry, oracle by oracle, step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.right import right

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.result import Result
from bptt_check.equations.difference_step import STEP
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.errors.worst_cases import SHOWN, WorstCases

NAMES = ("finite_difference", "complex_step")
FULL = "lstm T=5 B=2 D=3 H=2 O=2 seed=1"
CUT = "lstm T=5 B=2 D=3 H=2 O=2 k1=2 k2=3 seed=1"


def wrong(case: Case) -> Result:
    """One entry of one gradient is wrong by a tenth."""
    loss, grads = right(case)
    grads["W_hh_l0"][5, 1] *= 1.1
    return Result(loss, grads)


def worst_entries_of(subject, *specs: str):
    worst = WorstCases()
    setup = Setup(tuple(oracles.load_oracle(name) for name in NAMES))
    for spec in specs:
        worst.add(check_case(subject, Spec.parse(spec).build(), setup))
    return {p.parameter: p for p in worst.worst_entries("lstm")}


def test_budget_of_an_entry_has_the_choice_at_a_kink():
    """Where relu may choose a subgradient, the parts still make the whole."""
    spec = "rnn-relu T=3 B=2 D=2 H=3 O=2 regime=sparse seed=2"
    for entry in worst_entries_of(right, spec).values():
        for j in entry.opinions:
            rounding = j.units * (j.subject + j.oracle_rounding)
            total = rounding + j.bound + j.choice + j.tiniest
            assert j.budget == pytest.approx(total, rel=1e-12)


RIGHT = worst_entries_of(right, FULL)
WRONG = worst_entries_of(wrong, FULL)


def test_only_the_wrong_entry_exceeds_its_budget():
    """Only the entry that is wrong exceeds its budget, and the index points at it."""
    found = WRONG["W_hh_l0"]
    over = np.argwhere(np.array(found.errors) > 1)

    assert (found.verdict, found.index, over.tolist()) == ("fail", (5, 1), [[5, 1]])


def test_a_right_gradient_has_no_entry_over_budget():
    """The sibling without the mistake is within budget everywhere."""
    assert RIGHT["W_hh_l0"].verdict == "pass"
    assert max(max(line) for entry in RIGHT.values() for line in entry.errors) < 1


def test_of_a_wrong_gradient_what_came_and_what_is_right_is_kept():
    """Entry by entry, of the same case; of a right one nothing."""
    found = WRONG["W_hh_l0"]
    (one,) = found.compared

    assert one.over == (5 * 2 + 1,)
    assert one.got[one.over[0]] == found.got
    assert {entry.compared for entry in RIGHT.values()} == {()}


def test_the_worst_case_is_kept():
    """Of two cases the failing one is profiled, in whichever order they come."""
    other = FULL.replace("seed=1", "seed=2")

    def wrong_once(case: Case) -> Result:
        return wrong(case) if case.spec and case.spec.seed == 1 else right(case)

    for specs in ((FULL, other), (other, FULL)):
        assert worst_entries_of(wrong_once, *specs)["W_hh_l0"].spec == FULL


def test_the_parts_of_a_budget_make_the_budget():
    """What is shown of a budget adds up to it, for each oracle."""
    for entry in RIGHT.values():
        assert [j.oracle for j in entry.opinions] == list(NAMES)
        for j in entry.opinions:
            rounding = j.units * (j.subject + j.oracle_rounding)
            total = rounding + j.bound + j.choice + j.tiniest
            assert j.budget == pytest.approx(total, rel=1e-12)


def test_the_values_are_those_of_the_entry():
    """The subject's wrong value stands beside two oracles that agree with each other."""
    found = WRONG["W_hh_l0"]
    values = [j.value for j in found.opinions]

    assert found.got == pytest.approx(1.1 * values[1])
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    assert found.agreement[0].gap < 1


@pytest.mark.parametrize("spec", [FULL, CUT])
@pytest.mark.parametrize("name", ["W_hh_l0", "b_y", "x", "h0"])
def test_difference_quotients_are_best_between_large_and_tiny_steps(spec, name):
    """Large and tiny steps are bad, the one in between is good; truncation is no exception."""
    found = worst_entries_of(right, spec)[name].quotients
    assert found is not None
    best = min(found.errors)

    assert best < 1e-6
    assert found.errors[0] > 100 * best
    assert found.errors[-1] > 100 * best
    assert found.chosen <= STEP


def test_a_constant_of_the_surrogate_has_no_quotients():
    """An initial state that no window reaches cannot be differenced; a weight always can."""
    found = worst_entries_of(right, "lstm T=4 B=1 D=1 H=1 O=2 k1=4 k2=1 seed=1")

    assert found["h0"].quotients is None
    assert found["W_hy"].quotients is not None


def test_the_windows_are_those_of_the_truncation():
    """Blocks of two steps, each with three steps back; full BPTT has none."""
    assert worst_entries_of(right, CUT)["W_hy"].over_time.windows == ((0, 2), (1, 4), (2, 5))
    assert RIGHT["W_hy"].over_time.windows == ()


def test_every_step_has_its_norm_and_error():
    """One number per step of the case."""
    steps = RIGHT["W_hy"].over_time

    assert len(steps.norms) == len(steps.errors) == 5
    assert all(norm > 0 and math.isfinite(norm) for norm in steps.norms)


def test_gates_are_named_where_they_are_stacked():
    """Arrays of a layer have gates in their rows, the head has not."""
    assert RIGHT["W_hh_l0"].gates == ("i", "f", "g", "o")
    assert RIGHT["W_hy"].gates == ()


def test_a_large_gradient_is_shown_in_blocks():
    """The grid stays small, and the largest error of each block is kept."""
    spec = f"rnn-tanh+linear T=1 B=1 D={SHOWN + 6} H=3 O=1 seed=1"
    worst = WorstCases()
    setup = Setup((oracles.load_oracle("complex_step", every_entry=True),))
    worst.add(check_case(right, Spec.parse(spec).build(), setup))
    found = {p.parameter: p for p in worst.worst_entries("rnn-tanh")}["W_xh_l0"]

    assert (found.shape, found.block) == ((3, SHOWN + 6), (1, 2))
    assert [len(line) for line in found.errors] == [(SHOWN + 6) // 2] * 3


def test_a_case_without_a_result_leaves_nothing():
    """A subject that raises has no worst entry."""

    def broken(case: Case) -> Result:
        raise ValueError("no")

    assert worst_entries_of(broken, FULL) == {}
