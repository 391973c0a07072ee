"""Recipes in columns: what is said of each is what is said of it alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.drawn import design_of

from bptt_check.cases.design.covering import Covering
from bptt_check.cases.design.picks import Picks
from bptt_check.cases.design.recipe import Recipe
from bptt_check.cases.design.recipe_columns import RecipeColumns


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm+truncated", "gru+2layers+bidirectional"])
def test_levels_and_limits_are_those_of_each_recipe(name: str) -> None:
    """Some of which cost too much, or are not possible."""
    space = replace(design_of(name).space, most_work=3000, most_steps=60)
    of_space, picks = Covering(design_of(name).space), Picks("columns")
    recipes = [of_space.random_recipe(picks) for _ in range(200)]
    recipes += [recipe._replace(layout="expanded", inputs="random") for recipe in recipes[:20]]
    columns = RecipeColumns(space, recipes)
    allowed = [space.allowed(recipe) for recipe in recipes]

    assert columns.allowed.tolist() == allowed
    assert 20 < sum(allowed) < 200
    for factor in space.factors:
        assert columns.levels(factor).tolist() == [factor.level(recipe) for recipe in recipes]


def test_sizes_of_any_number_of_digits_are_compared() -> None:
    """They are beyond what can be afforded, and beyond an integer of NumPy."""
    space = design_of("rnn-tanh").space
    columns = RecipeColumns(space, [Recipe(H=10**30, B=10**30), Recipe(), Recipe(T=10**12, H=2)])
    equal = next(factor for factor in space.factors if factor.name == "B = H")

    assert columns.allowed.tolist() == [False, True, False]
    assert columns.levels(equal).tolist() == [1, 1, 0]
