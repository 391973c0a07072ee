"""Strategies: what they promise about bounds, what they draw often, and how they shrink."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from bptt_check import strategies
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import Model, Sizes, families
from bptt_check.errors import UnknownName

SIMPLEST = "T=1 B=1 D=1 H=1 O=2 seed=0"


def drawn_by(strategy: st.SearchStrategy[Spec], count: int, seed: int) -> list[Spec]:
    """So many examples of a strategy, or all that it has; those of a seed."""
    drawn: dict[Spec, None] = {}

    @hypothesis.seed(seed)
    @settings(
        max_examples=2 * count,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck(check) for check in HealthCheck],
    )
    @given(strategy)
    def collect(spec: Spec) -> None:
        drawn.setdefault(spec)

    collect()
    return list(drawn)[:count]


@settings(max_examples=100, deadline=None)
@given(strategies.sizes(max_T=5, max_B=2, max_D=3, max_H=4, max_O=6, min_O=2))
def test_sizes_keep_their_bounds(sizes):
    """From 1 (O from `min_O`) to the given bound."""
    assert 1 <= sizes.T <= 5
    assert 1 <= sizes.B <= 2
    assert 1 <= sizes.D <= 3
    assert 1 <= sizes.H <= 4
    assert 2 <= sizes.O <= 6


@settings(max_examples=50, deadline=None)
@given(strategies.sizes(max_T=1, max_B=1, max_D=1, max_H=1, max_O=1))
def test_bounds_of_one_draw_the_smallest_sizes(sizes):
    """The smallest bounds are legal."""
    assert sizes == Sizes(1, 1, 1, 1, 1)


@settings(max_examples=100, deadline=None)
@given(strategies.truncations(max_T=4))
def test_truncations_may_exceed_the_sequence(cut):
    """`k1` and `k2` may exceed T, which is no truncation."""
    assert 1 <= cut.k1 <= 6
    assert 1 <= cut.k2 <= 6


@settings(max_examples=30, deadline=None)
@given(strategies.models())
def test_models_without_names_are_the_families(model):
    """Without names, any family without modifiers."""
    assert model in families().values()


@settings(max_examples=30, deadline=None)
@given(strategies.models(names=["lstm+mse", "gru+2layers"]))
def test_models_with_names_are_those(model):
    """With names, these."""
    assert str(model) in ("lstm+mse", "gru+2layers")


def test_an_unknown_model_is_refused():
    """At once, not when something is drawn."""
    with pytest.raises(UnknownName, match="unknown model 'ltsm'"):
        strategies.models(names=["ltsm"])


@settings(max_examples=100, deadline=None)
@given(strategies.specs(max_T=6))
def test_default_specs_have_neither_lengths_nor_truncation(spec):
    """Any family, float64, every regime, neither lengths nor truncation."""
    assert spec.model in families().values()
    assert (spec.dtype, spec.truncation, spec.lengths) == ("float64", None, False)
    assert spec.regime in REGIMES
    assert spec.sizes.T <= 6
    assert 0 <= spec.seed < 2**16


@settings(max_examples=100, deadline=None)
@given(
    strategies.specs(
        model=Model("gru"), dtypes=["float32"], regimes=["tiny", "sparse"], lengths=True,
        truncation=True,
    )
)  # fmt: skip
def test_specs_have_the_options_asked_for(spec):
    """Everything that is asked for is there always."""
    assert (spec.model, spec.dtype, spec.lengths) == (Model("gru"), "float32", True)
    assert spec.regime in ("tiny", "sparse")
    assert spec.truncation.k1 <= spec.sizes.T + 2
    assert spec.truncation.k2 <= spec.sizes.T + 2


@pytest.mark.parametrize("truncation", [True, None])
def test_a_reverse_direction_is_never_truncated(truncation):
    """What cannot be combined is not drawn."""
    drawn = strategies.specs(model=Model(bidirectional=True), truncation=truncation)

    assert {s.truncation for s in drawn_by(drawn, 20, 0)} == {None}


def test_none_draws_specs_with_and_without_an_option():
    """None draws with and without."""
    drawn = drawn_by(strategies.specs(lengths=None, truncation=None), 60, 0)

    assert {s.lengths for s in drawn} == {True, False}
    assert {s.truncation is None for s in drawn} == {True, False}


def test_one_class_is_never_drawn_for_the_cross_entropy():
    """Its loss would be the constant 0; the other losses do with one output."""
    cross = drawn_by(strategies.specs(model=Model("rnn")), 60, 0)
    squares = drawn_by(strategies.specs(model=Model("rnn", loss="mse")), 60, 0)

    assert min(s.sizes.O for s in cross) == 2
    assert min(s.sizes.O for s in squares) == 1


def test_short_and_long_sequences_batches_and_regimes_are_drawn_often():
    """T = 1, 2 and longer, B > 1, every regime: within a hundred cases, many times."""
    drawn = drawn_by(strategies.specs(model=Model()), 100, 0)
    lengths = [s.sizes.T for s in drawn]

    assert lengths.count(1) >= 5
    assert lengths.count(2) >= 5
    assert sum(T >= 5 for T in lengths) >= 20
    assert sum(s.sizes.B > 1 for s in drawn) >= 30
    assert {s.regime for s in drawn} == set(REGIMES)


@settings(max_examples=25, deadline=None)
@given(strategies.cases(models=["lstm", "gru+mse"], dtypes=["float32"], regimes=["tiny"], max_T=3))
def test_the_strategy_of_cases_builds_cases(case):
    """For tests of one's own: `@given(cases(...))`."""
    assert isinstance(case, Case)
    assert (case.dtype, case.spec.regime) == ("float32", "tiny")
    assert str(case.model) in ("lstm", "gru+mse")
    assert case.sizes.T <= 3
    assert Spec.parse(str(case.spec)) == case.spec


def test_the_same_seed_draws_the_same_specs():
    """And another one something else; specs do not repeat."""
    drawn = strategies.specs(model=Model())
    one, same, other = (drawn_by(drawn, 40, seed) for seed in (3, 3, 4))

    assert one == same
    assert one != other
    assert len(set(one)) == len(one) == 40


def test_a_space_of_fewer_specs_than_asked_is_drawn_whole():
    """Fewer specs than asked for are no error."""
    only = st.sampled_from([Spec(Model(), seed=n) for n in range(3)])

    assert {s.seed for s in drawn_by(only, 50, 0)} == {0, 1, 2}


# --- shrinking ----------------------------------------------------------------------------------

EVERYTHING = strategies.specs(
    model=Model(), dtypes=("float64", "float32"), lengths=None, truncation=None
)


@pytest.mark.parametrize(
    ("fails", "text"),
    [
        (lambda s: True, f"lstm {SIMPLEST}"),
        (lambda s: s.sizes.T >= 5, "lstm T=5 B=1 D=1 H=1 O=2 seed=0"),
        (lambda s: s.sizes.B > 1 and s.sizes.H > 2, "lstm T=1 B=2 D=1 H=3 O=2 seed=0"),
        (lambda s: s.dtype == "float32", "lstm T=1 B=1 D=1 H=1 O=2 dtype=float32 seed=0"),
        (lambda s: s.regime == "sparse", "lstm T=1 B=1 D=1 H=1 O=2 regime=sparse seed=0"),
        (lambda s: s.lengths, "lstm T=1 B=1 D=1 H=1 O=2 lengths seed=0"),
        (lambda s: s.truncation, "lstm T=1 B=1 D=1 H=1 O=2 k1=1 k2=1 seed=0"),
        (
            lambda s: s.truncation and s.truncation.k2 < s.sizes.T,
            "lstm T=2 B=1 D=1 H=1 O=2 k1=1 k2=1 seed=0",
        ),
        (
            lambda s: s.truncation and s.sizes.T % s.truncation.k1,
            "lstm T=1 B=1 D=1 H=1 O=2 k1=2 k2=1 seed=0",
        ),
        (lambda s: s.seed >= 1000, "lstm T=1 B=1 D=1 H=1 O=2 seed=1000"),
    ],
)
def test_drawn_specs_shrink_to_the_smallest_that_fails(fails, text):
    """For a planted predicate hypothesis finds the known minimum."""
    found = hypothesis.find(
        EVERYTHING,
        fails,
        settings=settings(
            database=None, max_examples=100, phases=(Phase.generate, Phase.shrink), deadline=None
        ),
    )

    assert str(found) == text
