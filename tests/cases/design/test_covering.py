"""Rows of a covering: every pair of levels in few rows, the same everywhere."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from support.drawn import design_of

from bptt_check.cases.design.covering import Covering
from bptt_check.cases.design.picks import Picks

SMALL = "T=1..12 B=1..3 D=1..5 H=1..9 O=2..4"
COVERINGS = (
    ("rnn-tanh", SMALL),
    ("lstm+truncated+linear", SMALL),
    ("gru+mse+lengths", "T=1..12 B=1..3 D=1..5 H=1..9 O=D layers=1..3"),
    ("gru+2layers+bidirectional", "T=1..9 B=2 D=1 H=1..3 layouts=contiguous,strided"),
    ("sentiment_toy", ""),
)


def covering(name: str, within: str) -> Covering:
    return Covering(design_of(name, 0, within).space)


@pytest.mark.parametrize(("name", "within"), COVERINGS)
def test_every_pair_is_in_some_row(name: str, within: str) -> None:
    """And rows have no others: each is a recipe that may be drawn."""
    of_space = covering(name, within)
    rows = of_space.rows("0")
    seen = {
        pair for row in rows for pair in itertools.combinations(of_space.levels(row).tolist(), 2)
    }

    assert seen == set(of_space.witnesses)
    assert all(of_space.space.allowed(row) for row in rows)
    assert all(row.cut in of_space.space.cuts(row.T) for row in rows)


@pytest.mark.parametrize(("name", "within"), COVERINGS)
def test_no_row_is_superfluous(name: str, within: str) -> None:
    """Each has a pair that no other has."""
    of_space = covering(name, within)
    rows = of_space.rows("0")
    pairs = [set(itertools.combinations(of_space.levels(row).tolist(), 2)) for row in rows]
    count = Counter(pair for own in pairs for pair in own)

    assert all(any(count[pair] == 1 for pair in own) for own in pairs)


def test_rows_are_few() -> None:
    """Not many more than the largest two factors have levels to combine."""
    of_space = covering("rnn-tanh", SMALL)
    tables = Counter[tuple[int, int]]()
    for pair in of_space.witnesses:
        one, other = (int((of_space.starts <= level).sum()) for level in pair)
        tables[one, other] += 1
    least = max(tables.values())

    assert least <= len(of_space.rows("0")) <= 2 * least


def test_seed_decides_the_rows() -> None:
    """Made once more they are the same; those of another seed are others."""
    one, same = (covering("rnn-tanh", SMALL).rows("7") for _ in range(2))

    assert one == same
    assert len({*one} & {*covering("rnn-tanh", SMALL).rows("8")}) < len(one) / 4


def test_random_recipes_keep_to_the_limits() -> None:
    """Those of cost, too; every class of a size is as likely as another."""
    of_space = covering("lstm+truncated", "O=D")
    picks = Picks("any")
    recipes = [of_space.random_recipe(picks) for _ in range(1000)]
    classes = Counter(min(recipe.T, 4) for recipe in recipes)

    assert all(of_space.space.allowed(recipe) for recipe in recipes)
    assert all(recipe.O == recipe.D for recipe in recipes)
    assert all(recipe.cut in of_space.space.cuts(recipe.T) for recipe in recipes)
    assert all(100 < classes[T] < 400 for T in (1, 2, 3))
    assert classes[4] > 200
