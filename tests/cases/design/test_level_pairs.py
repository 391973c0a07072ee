"""The pairs of levels that can occur: those of all recipes, found without going through them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.drawn import design_of

from bptt_check.cases.design.level_pairs import LevelPairs
from bptt_check.cases.design.recipe import Recipe
from bptt_check.cases.design.space import Space

PLAIN = "regimes=normal inputs=random initial_state=random layouts=contiguous"
SPACES: tuple[tuple[str, str, int | None], ...] = (
    ("rnn-tanh", f"T=1..9 B=1..3 D=1,2 H=1,2 O=2,3 {PLAIN}", None),
    ("rnn-tanh", f"T=1..9 B=1..9 D=1..2 H=1,8,16 O=2 {PLAIN}", 300),
    ("rnn-tanh", f"T=14..20 B=6..9 D=8 H=8..10 O=9 {PLAIN}", 20_000),
    ("rnn-tanh+linear", "T=1..3 B=1,2 D=1,2 H=1,2 regimes=normal,tiny inputs=zero,alike", None),
    ("lstm+truncated+linear", f"T=1..12 B=1,4 D=1,2 H=2 {PLAIN}", None),
    ("lstm+truncated+linear", f"T=1..40 B=1,16 D=1 H=1,8 {PLAIN}", 700),
    ("lstm+truncated+linear", f"T=1..12 B=1..4 D=1,2 H=T {PLAIN}", None),
    ("lstm+truncated+linear", f"T=1..12 B=1..4 D=1,2 H=2 truncation=k1|T,k2<T {PLAIN}", None),
    ("gru+mse", f"T=1..4 B=1,2 D=H H=1..9 O=D {PLAIN}", None),
    ("gru+mse", f"T=3,11 B=10,12 D=11,12,20 H=12,13,20 O=2,20 {PLAIN}", None),
    ("gru+lengths+linear", "T=1..3 B=1,2 D=2 H=2 layers=1..3 regimes=normal layouts=offset", None),
    ("gru+bidirectional+linear", f"T=1..20 B=1..8 D=1..4 H=1..4 {PLAIN}", 1500),
)
"""Model, limits, and the work of a case where it is limited further."""


def recipes(space: Space) -> Iterator[Recipe]:
    """All recipes of a space, affordable or not."""
    fields = list(space.choices)
    for values in itertools.product(*space.choices.values()):
        base = space.tied(Recipe(**dict(zip(fields, values, strict=True))))  # type: ignore[arg-type]
        yield from (base._replace(cut=cut) for cut in space.cuts(base.T))


@functools.cache
def gone_through(
    name: str, within: str, most: int | None
) -> tuple[LevelPairs, set[tuple[int, int]], set[tuple[int, int]]]:
    """The pairs of a space; those of all its affordable recipes; those of all its recipes."""
    space = design_of(name, 0, within, ("float64", "float32")).space
    if most is not None:
        space = replace(space, most_work=most)
    pairs, affordable, every = LevelPairs(space), set(), set()
    for recipe in recipes(space):
        levels = pairs.levels(recipe).tolist()
        own = set(itertools.combinations(levels, 2))
        every |= own
        if space.allowed(recipe):
            affordable |= own
    return pairs, affordable, every


@pytest.mark.parametrize(("name", "within", "most"), SPACES)
def test_pairs_are_those_of_all_affordable_recipes(name: str, within: str, most: int) -> None:
    """No possible pair is missed, and none is taken for possible that is not."""
    pairs, affordable, _ = gone_through(name, within, most)

    assert set(pairs.witnesses) == affordable


@pytest.mark.parametrize(("name", "within", "most"), SPACES)
def test_witness_has_its_pair_and_can_be_drawn(name: str, within: str, most: int) -> None:
    """It keeps to all limits."""
    pairs = gone_through(name, within, most)[0]
    space = pairs.space

    for pair, recipe in pairs.witnesses.items():
        assert set(pair) <= set(pairs.levels(recipe).tolist())
        assert space.allowed(recipe)
        assert space.tied(recipe) == recipe
        assert recipe.cut in space.cuts(recipe.T)
        assert all(getattr(recipe, n) in values for n, values in space.choices.items())


@pytest.mark.parametrize(("name", "within", "most"), [s for s in SPACES if s[2] is not None])
def test_pairs_of_recipes_that_cannot_be_afforded_are_too_dear(
    name: str, within: str, most: int
) -> None:
    """A level that no case can afford is one with itself."""
    pairs, affordable, every = gone_through(name, within, most)
    levels = {a for pair in affordable for a in pair}

    assert every > affordable
    assert {pair for pair in pairs.too_dear if pair[0] != pair[1]} == every - affordable
    assert {a for a, b in pairs.too_dear if a == b} == {a for p in every for a in p} - levels


def test_pairs_of_a_level_that_cannot_be_afforded_are_too_dear() -> None:
    """Two layers in two directions have no room for 129 units, at whatever number of steps."""
    pairs = LevelPairs(design_of("lstm+2layers+bidirectional+mse", 0, "", ("float64",)).space)
    names = [f"{f.name} = {level}" for f in pairs.factors for level in f.levels]
    dear = {tuple(names[a] for a in pair) for pair in pairs.too_dear}

    assert ("H = 127 to 129", "H = 127 to 129") in dear
    assert {("T = 1", "H = 127 to 129"), ("T = 2", "H = 127 to 129")} <= dear
    assert not any("H = 2 to 6" in pair and "T = 1" in pair for pair in dear)


def test_without_limits_of_cost_nothing_is_too_dear() -> None:
    """The sibling."""
    pairs, affordable, every = gone_through(*SPACES[0])

    assert pairs.too_dear == frozenset()
    assert affordable == every


def test_levels_are_counted_through_all_factors() -> None:
    """One of each factor, each in its own range."""
    pairs = gone_through(*SPACES[4])[0]
    recipe = Recipe(T=12, B=4, D=2, H=2, cut=(5, 3), dtype="float32")
    levels = pairs.levels(recipe)

    for number, factor in enumerate(pairs.factors):
        assert levels[number] - pairs.starts[number] == factor.level(recipe)
    assert pairs.size == sum(len(f.levels) for f in pairs.factors)
