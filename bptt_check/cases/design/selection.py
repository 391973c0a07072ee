"""The few cases of a design that cover most pairs of levels for their price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..case import Spec
from .design import Design
from .recipe import Recipe, recipe_of, steps_of, work_of

A_CASE, NUMBERS = 8, 2000
"""What costs about as much as a step: a small part of a case, whatever its sizes (calls and
comparisons), and the computation of so many numbers.
"""


def specs_covering_most(design: Design, count: int) -> Iterator[Spec]:
    """So many specs of a design, all different, each of which adds most pairs of levels for what it
    costs; the first ones cover most.

    They are those that cover every pair, in another order, and of fewer all.
    """
    specs = list(design.specs(max(count, design.covered_after)))
    for number in _greedy(design, specs, count):
        yield specs[number]


def _greedy(design: Design, specs: Sequence[Spec], count: int) -> Iterator[int]:
    """The numbers of the specs that are taken, one after the other."""
    covering = design.covering
    new = np.zeros((covering.size, covering.size), dtype=bool)
    a, b = np.array([*covering.witnesses], dtype=np.int64).reshape(-1, 2).T
    new[a, b] = True
    recipes = [recipe_of(spec) for spec in specs]
    levels = [covering.levels(recipe) for recipe in recipes]
    price = [_price(design.space.directions, recipe) for recipe in recipes]
    left = list(range(len(specs)))

    def worth(number: int) -> float:
        own = levels[number]
        return new[own[:, None], own].sum() / price[number]

    for _ in range(min(count, len(left))):
        best = max(left, key=worth)
        left.remove(best)
        new[levels[best][:, None], levels[best]] = False
        yield best


def _price(directions: int, recipe: Recipe) -> float:
    """What a case costs, in steps."""
    steps = max(recipe.T, steps_of(recipe.T, recipe.cut)) * recipe.layers * directions
    return A_CASE + steps + work_of(directions, recipe) / NUMBERS
