"""Counterexamples become small, then their values simple, for as long as they fail."""

from __future__ import annotations

import numpy as np
import pytest
from bptt_check.runs.drawing import draw_specs

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import Model
from bptt_check.runs.shrink import Drawing, shrink_spec, simplify
from bptt_check.strategies import specs

DRAWING = Drawing(specs(model=Model("rnn")), count=30, seed=0)


def test_a_case_shrinks_to_the_smallest_that_fails():
    """Sizes, regime and seed become as simple as the failure allows."""
    spec = shrink_spec(DRAWING, {}, lambda case: case.sizes.T >= 3 and case.sizes.H >= 2)

    assert str(spec) == "rnn-tanh T=3 B=1 D=1 H=2 O=2 seed=0"


def test_shrinking_gives_none_if_nothing_fails():
    """Then there is no smaller one."""
    assert shrink_spec(DRAWING, {}, lambda case: False) is None


def test_known_specs_are_not_checked_again():
    """What the run has found out is believed."""
    drawn = draw_specs(DRAWING.strategy, 30, 0)
    known = {spec: spec.sizes.T >= 3 for spec in drawn}
    checked: list[Spec] = []

    def fails(case: Case) -> bool:
        checked.append(case.spec)
        return case.sizes.T >= 3

    spec = shrink_spec(DRAWING, known, fails)

    assert spec.sizes.T == 3
    assert not set(checked) & set(known)


CASE = Spec.parse("rnn-tanh T=3 B=2 D=2 H=2 O=2").build()


def test_values_without_influence_become_zero():
    """Every array that the failure does not need."""
    found = simplify(CASE, lambda case: bool(case.params["W_hh_l0"].any()))

    assert found.spec is None
    assert {n for n, a in found.inputs.items() if a.any()} == {"W_hh_l0"}


def test_values_with_influence_become_round():
    """Signs where these are enough."""
    found = simplify(CASE, lambda case: bool(case.params["W_hh_l0"].any()))

    assert set(np.abs(found.params["W_hh_l0"]).ravel()) == {1.0}
    assert np.array_equal(np.sign(CASE.params["W_hh_l0"]), found.params["W_hh_l0"])


@pytest.mark.parametrize(("least", "decimals"), [(0.5, 0), (0.05, 1), (0.005, 2)])
def test_as_few_decimals_as_the_failure_allows(least, decimals):
    """Values that must differ from their signs keep what they need."""
    x = CASE.x

    def fails(case: Case) -> bool:
        return not np.array_equal(case.x, np.sign(x)) and bool(np.abs(case.x - x).max() <= least)

    assert np.array_equal(simplify(CASE, fails).x, np.round(x, decimals))


def test_a_case_that_needs_every_digit_keeps_them():
    """Nothing is changed that the failure depends on, and then the spec stays too."""
    before = CASE.inputs

    def fails(case: Case) -> bool:
        return all(np.array_equal(a, before[n]) for n, a in case.inputs.items())

    assert simplify(CASE, fails) is CASE


def test_simplifying_stops_after_so_many_tries():
    """Each try is a check."""
    tries: list[int] = []

    def fails(case: Case) -> bool:
        tries.append(1)
        return False

    simplify(CASE, fails, most=7)

    assert len(tries) == 7


def test_float32_values_stay_float32():
    """A simplified case is one of the same dtype."""
    case = Spec.parse("gru T=2 dtype=float32").build()
    found = simplify(case, lambda c: bool(c.x.any()))

    assert found.dtype == "float32"
    assert found.x.dtype == np.float32
    assert set(np.abs(found.x).ravel()) == {1.0}
