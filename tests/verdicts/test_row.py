"""One gradient against one oracle: its row, and whether a lower precision explains it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.budgets import U32, U64, Gradients, budgets_of, conditioning_of, difference

from bptt_check.verdicts.difference import Difference
from bptt_check.verdicts.row import is_imprecise, judge_gradient, not_judged
from bptt_check.verdicts.verdict import Reason


@pytest.mark.parametrize("size", [4, 4000])
def test_no_budget_grows_with_the_size_of_an_array(size):
    """One wrong entry among thousands is as wrong as one among four."""
    want = np.ones(size)
    got = want.copy()
    got[size // 2] += 1e-12
    row = judge_gradient(difference(got, want), "o", budgets_of(b=size))

    assert (row.verdict, row.wrong, row.index) == ("fail", 1, (size // 2,))
    assert row.budget == pytest.approx(64 * U64, rel=1e-12)


def test_a_right_gradient_passes():
    """Within budget, and large enough that its absence would have shown."""
    row = judge_gradient(difference([1 + 1e-15, 2, 3, 0], [1, 2, 3, 0]), "torch", budgets_of())

    assert (row.verdict, row.reason) == ("pass", "")
    assert (row.parameter, row.oracle, row.entries, row.wrong) == ("b", "torch", 4, 0)
    assert row.decided == 3
    assert row.max_budgets == pytest.approx(1.11e-15 / (64 * U64), rel=1e-2)


def test_chaos_is_the_reason_also_where_there_are_kinks():
    """Which decides nothing, whatever subgradient is taken."""
    chaotic = {"b": np.full(4, np.inf)}
    subject = replace(conditioning_of(1.0, b=4), kinks={"b": np.ones(4)}, chaotic=chaotic)
    row = judge_gradient(
        difference([9, 9, 9, 9], [1, 2, 3, 4]), "o", replace(budgets_of(), subject=subject)
    )

    assert (row.verdict, row.reason) == (
        "inconclusive",
        "rounding in float64 grows until trajectories diverge, which explains any value",
    )


def at_kinks(*widths: float) -> Any:
    """Budgets of four entries whose subdifferentials are so wide."""
    subject = replace(conditioning_of(1.0, b=4), kinks={"b": np.array(widths)})
    return replace(budgets_of(), subject=subject)


@pytest.mark.parametrize(("got", "count"), [([1.5, 2, 3, 4], 1), ([0.1, 2.9, 3, 4], 2)])
def test_entries_that_only_a_subgradient_explains_are_counted_and_left_out(got, count):
    """Errors, ulps, budgets and the worst entry are those of the others."""
    row = judge_gradient(difference(got, [1, 2, 3, 4 + 1e-15]), "o", at_kinks(1, 1, 1, 0))

    assert (row.verdict, row.subgradients, row.index) == ("pass", count, (3,))
    assert (row.max_abs < 1e-15, row.max_rel < 1e-15) == (True, True)
    assert (row.max_ulps, row.max_budgets < 1) == (1.0, True)
    assert row.reason == (
        f"at a kink of relu any subgradient is right, which decides {count} of 4 entries"
    )


def test_a_kink_at_which_both_take_the_same_slope_is_not_mentioned():
    """The row of a right relu model is as green as that of tanh."""
    row = judge_gradient(difference([1, 2, 3, 4], [1, 2, 3, 4]), "o", at_kinks(1, 1, 1, 0))

    assert (row.verdict, row.subgradients, row.reason) == ("pass", 0, "")


def test_what_no_subgradient_explains_is_wrong_beside_those():
    """The sibling: beyond the width, or where there is no kink."""
    for got in ([2.5, 2, 3, 4], [1.5, 2, 3, 4.5]):
        row = judge_gradient(difference(got, [1, 2, 3, 4]), "o", at_kinks(1, 1, 1, 0))
        assert (row.verdict, row.wrong) == ("fail", 1)


@pytest.mark.parametrize(("slope", "proven"), [(0.5, False), (0.0, True)])
def test_an_entry_that_a_subgradient_decides_is_not_proven(slope, proven):
    """An interval that holds all slopes is a proof of none of them."""
    budgets = replace(at_kinks(1, 1, 1, 0), proven=True, bounds={"b": np.array([1.0, 1, 1, 0])})
    row = judge_gradient(difference([1 + slope, 2, 3, 4], [1, 2, 3, 4]), "o", budgets)

    assert (row.verdict, row.proven) == ("pass", proven)


def test_a_wrong_gradient_fails_at_its_worst_entry():
    """The worst entry is the one with most budgets, not with the largest error."""
    budgets = replace(budgets_of(), subject=conditioning_of(1.0, b=4))
    budgets.subject.grads["b"][0] = 1e6
    row = judge_gradient(difference([1 + 1e-10, 2, 3 + 1e-11, 4], [1, 2, 3, 4]), "o", budgets)

    assert (row.verdict, row.index, row.wrong) == ("fail", (2,), 1)
    assert (row.got, row.want) == (3 + 1e-11, 3.0)
    assert row.max_abs == pytest.approx(1e-10, rel=1e-4)
    assert row.max_rel == pytest.approx(1e-10, rel=1e-4)
    assert row.max_budgets == pytest.approx(1e-11 / row.budget, rel=1e-4)


@pytest.mark.parametrize("got", [[0, 0, 0, 0], [1e-16, 0, 0, 0]])
def test_a_gradient_below_its_budget_is_vacuous(got):
    """Where the truth is lost in rounding, zero would pass as well, and so nothing passes."""
    row = judge_gradient(difference(got, [1e-16, 1e-17, 0, -1e-16]), "o", budgets_of())

    assert (row.verdict, row.decided) == ("inconclusive", 0)
    assert row.reason == "vacuous: the true gradient lies below the budget"


def test_an_error_in_a_vacuous_gradient_still_fails():
    """Something large where nothing should be is wrong."""
    row = judge_gradient(difference([1e-3, 0, 0, 0], [0, 0, 0, 0]), "o", budgets_of())

    assert (row.verdict, row.max_rel) == ("fail", np.inf)


def test_a_kink_in_every_entry_is_inconclusive():
    """Where no entry has a finite bound nothing is decided, however large the error."""
    budgets = budgets_of(bounds={"b": np.full(4, np.inf)})
    row = judge_gradient(difference([9, 9, 9, 9], [1, 2, 3, 4]), "finite_difference", budgets)

    assert row.verdict == "inconclusive"
    assert row.reason == "a kink lies within the step of every entry"
    assert row.max_budgets == 0


def test_a_kink_somewhere_leaves_the_other_entries():
    """They pass or fail by themselves."""
    budgets = budgets_of(bounds={"b": np.array([np.inf, 0, 0, 0])})

    assert judge_gradient(difference([9, 2, 3, 4], [1, 2, 3, 4]), "o", budgets).verdict == "pass"
    assert judge_gradient(difference([1, 2, 3, 5], [1, 2, 3, 4]), "o", budgets).verdict == "fail"


@pytest.mark.parametrize(
    ("name", "verdict"), [("x", "pass"), ("h0", "pass"), ("b", "inconclusive")]
)
def test_what_cannot_influence_the_loss_must_be_zero(name, verdict):
    """An input that is cut off has a zero gradient that can be checked; a weight shows nothing."""
    budgets = budgets_of(0.0, **{name: 4})

    assert (
        judge_gradient(difference([0, 0, 0, 0], [0, 0, 0, 0], name), "o", budgets).verdict
        == verdict
    )
    assert (
        judge_gradient(difference([0, 1e-9, 0, 0], [0, 0, 0, 0], name), "o", budgets).verdict
        == "fail"
    )


def test_a_gradient_that_is_no_number_does_not_pass():
    """NaN compares as not larger than anything; it is wrong all the same."""
    assert (
        judge_gradient(difference([np.nan, 2, 3, 4], [1, 2, 3, 4]), "o", budgets_of()).verdict
        == "fail"
    )


def test_an_oracle_that_declines_has_a_row_with_its_reason():
    """Nothing was measured, which is not zero."""
    row = not_judged("x", "complex_step", Reason.DECLINED, "not for relu")

    assert (row.verdict, row.reason, row.entries, row.index) == (
        "unsupported",
        "not for relu",
        0,
        (),
    )
    assert np.isnan([row.max_abs, row.max_rel, row.max_ulps, row.max_budgets, row.got]).all()


RNG = np.random.default_rng(0)


TRUTH = {"W": RNG.uniform(0.5, 1.5, 40), "b": RNG.uniform(0.5, 1.5, 10)}


NOISE = {n: RNG.uniform(-1, 1, a.shape) * U32 for n, a in TRUTH.items()}


LOWER = conditioning_of(1.0, "float32", W=40, b=10)


def imprecise(errors: Gradients) -> bool:
    """Whether relative errors are taken for those of float32."""
    found = {
        n: Difference(n, a * (1 + errors.get(n, np.zeros(a.shape))), a) for n, a in TRUTH.items()
    }
    return is_imprecise(found, budgets_of(W=40, b=10), LOWER)


def test_errors_of_float32_are_imprecise():
    """Random errors of float32's size, in all gradients or in all entries of one."""
    assert imprecise(NOISE)
    assert imprecise({"W": NOISE["W"]})


def test_one_common_factor_is_a_wrong_formula_and_not_rounding():
    """A gradient scaled by 1 + 1e-7 has errors of that size too, but all alike."""
    assert not imprecise({n: np.full(a.shape, 1e-7) for n, a in TRUTH.items()})
    assert not imprecise({"b": np.full(10, -1e-7)})


def test_an_error_in_one_entry_is_a_wrong_formula():
    """Rounding does not pick one entry and leave the others right."""
    one = np.zeros(40)
    one[7] = 1e-7

    assert not imprecise({"W": one})
    assert not imprecise({"b": np.where(np.arange(10) < 3, NOISE["b"], 0.0)})


def test_errors_beyond_float32_are_a_wrong_formula():
    """Beyond the budget of float32 nothing is explained by float32."""
    assert not imprecise({n: 1e3 * a for n, a in NOISE.items()})


def test_no_error_is_not_imprecise():
    """There is nothing to explain."""
    assert not imprecise({})
