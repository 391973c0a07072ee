"""Counterexamples become small, then their values simple, for as long as they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.drawn import design_of

from bptt_check.cases.case import Case, Spec
from bptt_check.runs.shrink import shrink_spec, simplify

FIRST = Spec.parse(
    "lstm T=129 B=9 D=31 H=16 O=5 k1=13 k2=40 regime=saturated lengths=one inputs=alike "
    "initial_state=zero_c layout=strided seed=4711"
)
"""A spec with everything: T is 3 * 43, and no multiple of k1."""

Test = Callable[[Spec], Any]


def by_spec(test: Test) -> Callable[[Case], bool]:
    """Whether a case fails, by its spec."""
    return lambda case: case.spec is not None and bool(test(case.spec))


def cut_of(spec: Spec) -> tuple[int, int]:
    """k1 and k2 of a spec that is truncated."""
    assert spec.truncation is not None
    return spec.truncation.k1, spec.truncation.k2


TABLE: tuple[tuple[str, Test], ...] = (
    ("T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths seed=0", lambda s: True),
    ("T=5 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths seed=0", lambda s: s.sizes.T >= 5),
    ("T=17 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths seed=0", lambda s: s.sizes.T > 16),
    ("T=128 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths seed=0", lambda s: s.sizes.T >= 128),
    ("T=1 B=2 D=1 H=3 O=2 k1=1 k2=1 lengths seed=0", lambda s: s.sizes.B > 1 and s.sizes.H > 2),
    ("T=1 B=1 D=5 H=4 O=2 k1=1 k2=1 lengths seed=0", lambda s: s.sizes.D > s.sizes.H > 3),
    ("T=1 B=1 D=1 H=16 O=2 k1=1 k2=1 lengths seed=0", lambda s: s.sizes.H % 16 == 0),
    (
        "T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 regime=saturated lengths seed=0",
        lambda s: s.regime == "saturated",
    ),
    (
        "T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths inputs=alike seed=0",
        lambda s: s.inputs == "alike",
    ),
    (
        "T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths initial_state=zero_c seed=0",
        lambda s: s.initial_state == "zero_c",
    ),
    (
        "T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths layout=strided seed=0",
        lambda s: s.layout == "strided",
    ),
    ("T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths=one seed=0", lambda s: s.lengths == "one"),
    ("T=2 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths seed=0", lambda s: cut_of(s)[1] < s.sizes.T),
    ("T=3 B=1 D=1 H=1 O=2 k1=2 k2=1 lengths seed=0", lambda s: 1 < cut_of(s)[0] < s.sizes.T),
    ("T=1 B=1 D=1 H=1 O=2 k1=2 k2=1 lengths seed=0", lambda s: s.sizes.T % cut_of(s)[0]),
    ("T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 lengths seed=4711", lambda s: s.seed >= 1000),
)
"""The minimum, and what fails."""


@pytest.mark.parametrize(("text", "fails"), TABLE, ids=[text for text, _ in TABLE])
def test_the_smallest_failing_spec_is_found(text: str, fails: Test) -> None:
    """For a planted predicate the known minimum.

    A truncation stays one, as do lengths: they belong to what is verified. Of other numbers than
    those of the failing case only the first few are tried; no number is simpler than another.
    """
    assert str(shrink_spec(FIRST, {}, by_spec(fails))) == f"lstm {text}"


def test_what_belongs_to_the_target_stays() -> None:
    """Model and dtype are not made simpler: without them it would be another failure."""
    spec = Spec.parse("gru+mse+2layers T=4 B=2 dtype=float32 seed=9")

    assert str(shrink_spec(spec, {}, lambda case: True)) == (
        "gru+2layers+mse T=1 B=1 D=1 H=1 O=1 dtype=float32 seed=0"
    )


def test_sizes_of_a_data_set_stay() -> None:
    """It has no others; the state may be smaller."""
    spec = Spec.parse("rnn-tanh+bce+last+nobias T=3 B=3 D=3 H=5 O=1 regime=sentiment seed=9")
    smaller = shrink_spec(spec, {}, lambda case: case.sizes.H >= 2)

    assert str(smaller) == str(spec).replace("H=5", "H=2").replace("seed=9", "seed=0")


def test_a_case_shrinks_to_the_smallest_that_fails():
    """Sizes, regime and seed become as simple as the failure allows."""
    spec = Spec.parse("rnn-tanh T=9 B=3 D=4 H=5 O=3 regime=tiny seed=77")
    smaller = shrink_spec(spec, {}, lambda case: case.sizes.T >= 3 and case.sizes.H >= 2)

    assert str(smaller) == "rnn-tanh T=3 B=1 D=1 H=2 O=2 seed=0"


@pytest.mark.parametrize(
    ("start", "smallest", "fails"),
    [
        ("T=105 B=9", "T=7 B=1", lambda s: s.sizes.T % 7 == 0),
        ("T=96 B=31", "T=3 B=11", lambda s: s.sizes.T % 3 == 0 and s.sizes.B in (11, 31)),
        ("T=64 B=64", "T=1 B=1", lambda s: s.sizes.T == s.sizes.B),
    ],
)
def test_what_fails_at_some_sizes_only_is_found_at_the_least(
    start: str, smallest: str, fails: Test
) -> None:
    """Right at sizes between those at which it is wrong."""
    spec = Spec.parse(f"rnn-tanh {start} D=1 H=1 O=2 seed=5")

    assert str(shrink_spec(spec, {}, by_spec(fails))) == f"rnn-tanh {smallest} D=1 H=1 O=2 seed=0"


def test_shrinking_starts_from_the_cheapest_failure_of_the_run() -> None:
    """So the dearest of them is never asked about."""
    cheap = Spec.parse("rnn-tanh T=9 B=1 D=1 H=1 O=2 seed=3")
    asked: list[int] = []

    def fails(case: Case) -> bool:
        asked.append(case.sizes.T)
        return case.sizes.T > 8

    dear = Spec.parse("rnn-tanh T=129 B=9 D=31 H=16 O=5 regime=saturated layout=strided seed=4711")
    known = {dear: True, cheap: True, replace(cheap, seed=4): False}

    assert shrink_spec(dear, known, fails) == replace(cheap, seed=0)
    assert max(asked) == 9


def test_a_spec_stays_if_nothing_smaller_fails() -> None:
    """Then it is the smallest."""
    assert shrink_spec(FIRST, {}, lambda case: False) == FIRST


def test_known_specs_are_not_checked_again() -> None:
    """What the run has found out is believed."""
    drawn = list(design_of("rnn-tanh", within="T=1..6 B=1 D=1 H=1..2 O=2").specs(30))
    known = {spec: spec.sizes.T >= 3 for spec in drawn}
    known |= {Spec.parse("rnn-tanh T=3 B=1 D=1 H=1 O=2"): True}
    checked: list[Spec] = []

    def fails(case: Case) -> bool:
        assert case.spec is not None
        checked.append(case.spec)
        return case.sizes.T >= 3

    spec = shrink_spec(next(s for s in drawn if s.sizes.T > 3), known, fails)

    assert str(spec) == "rnn-tanh T=3 B=1 D=1 H=1 O=2 seed=0"
    assert not set(checked) & set(known)


def test_each_spec_is_tried_once_and_no_more_than_the_limit() -> None:
    """A check is expensive; where the limit is reached, the smallest so far is taken."""
    tried: list[Spec] = []

    def fails(case: Case) -> bool:
        assert case.spec is not None
        tried.append(case.spec)
        return case.sizes.T >= 3

    spec = shrink_spec(FIRST, {}, fails, most=15)

    assert 3 <= spec.sizes.T <= FIRST.sizes.T
    assert 1 <= len(tried) <= 15
    assert len(set(tried)) == len(tried)


def test_only_allowed_specs_are_tried() -> None:
    """What lies beyond the limits of a run is no counterexample of it."""
    tried: list[Case] = []

    def fails(case: Case) -> bool:
        tried.append(case)
        return True

    spec = shrink_spec(FIRST, {}, fails, lambda spec: spec.sizes.H % 8 == 0)

    assert str(spec) == "lstm T=1 B=1 D=1 H=8 O=2 k1=1 k2=1 lengths seed=0"
    assert {case.sizes.H for case in tried} <= {8, 16}


def test_shrinking_twice_gives_the_same_spec() -> None:
    """Which of several minima is found does not depend on chance."""
    fails = by_spec(lambda s: s.sizes.T * s.sizes.H >= 6)
    one, other = (shrink_spec(FIRST, {}, fails) for _ in range(2))

    assert one == other
    assert one.sizes.T * one.sizes.H >= 6


def test_shrinking_writes_no_example_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failing specs are kept by `failed_before`, and by nobody else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI")
    shrink_spec(FIRST, {}, by_spec(lambda s: s.sizes.T >= 5))

    assert list(tmp_path.iterdir()) == []


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
