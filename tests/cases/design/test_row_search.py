"""Rows of a covering: what a value is worth is what the pairs of its row are worth."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from support.drawn import design_of

from bptt_check.cases.design.covering import Covering
from bptt_check.cases.design.field_values import FieldValues
from bptt_check.cases.design.picks import Picks
from bptt_check.cases.design.recipe import Recipe
from bptt_check.cases.design.row_search import PairWorth, RowSearch, Weights

SPACES = (
    ("rnn-tanh", "T=1..12 B=1..3 D=1..5 H=1..9 O=2..4"),
    ("lstm+truncated+linear", "T=1..12 B=1..3 D=1..5 H=1..9"),
    ("lstm+truncated+linear", "T=1..12 B=1..4 D=1,2 H=T"),
    ("lstm+truncated", "T=B B=1..6 D=1..4 H=1..6 O=D"),
    ("gru+mse+lengths", "T=1..12 B=1..3 D=1..5 H=1..9 O=D layers=1..3"),
)
Space = tuple[str, str]


@functools.cache
def covering(name: str, within: str) -> Covering:
    return Covering(design_of(name, 0, within).space)


def worth_of(pairs: Covering, seed: int) -> Weights:
    """Any weights of the pairs that can occur, many of them 0."""
    weights = np.random.default_rng(seed).integers(0, 5, (pairs.size, pairs.size))
    starts = np.repeat(np.arange(len(pairs.factors)), [len(f.levels) for f in pairs.factors])
    weights[starts[:, None] == starts] = 0
    return np.triu(weights) + np.triu(weights).T


def total(worth: Weights, pairs: Covering, recipe: Recipe) -> int:
    """What all pairs of a recipe are worth together."""
    levels = pairs.levels(recipe)
    return int(worth[levels[:, None], levels].sum()) // 2


def searches(space: Space) -> list[tuple[RowSearch, FieldValues, Weights]]:
    """Some rows, each before its first sweep."""
    pairs, picks = covering(*space), Picks("rows")
    values, every = FieldValues(pairs), list(pairs.witnesses.items())
    chosen = [picks.of(every) for _ in range(12)]
    weights = [worth_of(pairs, n) for n in range(len(chosen))]
    return [
        (RowSearch(values, PairWorth(worth), *one), values, worth)
        for one, worth in zip(chosen, weights, strict=True)
    ]


@pytest.mark.parametrize("space", SPACES)
def test_scores_differ_as_the_sums_over_all_pairs(space: Space) -> None:
    """Of all values that a field may take, those that equal other sizes too."""
    picks = Picks("scores")
    for search, values, worth in searches(space):
        for field in values.fields:
            options = values.others(search.recipe, field, picks)
            recipes = [values.having(search.recipe, field, value) for value in options]
            want = [total(worth, covering(*space), recipe) for recipe in recipes]
            scores = search.scores(field, options)
            assert [n - scores[0] for n in scores] == [n - want[0] for n in want], field


@pytest.mark.parametrize("space", SPACES)
def test_row_has_its_pair_and_is_worth_no_less_than_its_start(space: Space) -> None:
    """And its levels are those of its recipe."""
    pairs, gained = covering(*space), 0
    for search, _, worth in searches(space):
        start, before = search.recipe, set(search.levels)
        found = search.swept(Picks("sweeps"))
        assert search.levels == pairs.levels(found).tolist()
        assert pairs.space.allowed(found)
        assert len(before & set(search.levels)) >= 2
        assert total(worth, pairs, found) >= total(worth, pairs, start)
        gained += total(worth, pairs, found) > total(worth, pairs, start)

    assert gained > 6


def test_pairs_that_a_row_has_are_worth_nothing_more() -> None:
    """The others are worth what they were."""
    pairs = covering(*SPACES[0])
    worth = worth_of(pairs, 1)
    left, recipe = PairWorth(worth), pairs.cheapest
    levels = pairs.levels(recipe)
    left.take(levels.tolist())
    want = worth.copy()
    want[levels[:, None], levels] = 0

    assert np.array_equal(left.table, want)
    assert left.rows == want.tolist()
    assert (want != worth).any()
