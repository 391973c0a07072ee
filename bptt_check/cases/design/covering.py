"""Rows in which every two levels of the factors of a space occur that can occur together.

Greedy, one row at a time: a pair that no row has yet is built in, then every other field takes the
value with which the row has the most new pairs; among equals the cheapest. The rows that cover
least are made again a few times. Remainders of T,
truncations and equalities of sizes are properties of the same few numbers, so rows are searched
among the numbers and not among levels, most combinations of which do not exist.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .field_values import FieldValues
from .level_pairs import LevelPairs, Pair
from .picks import Picks
from .recipe import SIZES, Recipe
from .row_search import PairWorth, RowSearch, Weights

TRIES = 4
"""Values of a field of a random recipe, the first of which that is affordable is taken."""
AGAIN, ENOUGH = 80, 100
"""How often the rows that cover least are made again at most, and how many rows are few enough: a
hundred cases have so many.
"""


class Covering(LevelPairs):
    """Recipes in which every pair of levels of a space occurs that can occur."""

    def random_recipe(self, picks: Picks) -> Recipe:
        """Any recipe: classes of sizes are as likely as each other, as far as they leave room for
        each other.
        """
        recipe = self.cheapest
        for n in picks.order(len(self.fields)):
            for _ in range(TRIES):
                other = self._with_any(recipe, self.fields[n], picks)
                if self.space.allowed(other):
                    recipe = other
                    break
        return recipe

    def _with_any(self, recipe: Recipe, field: str, picks: Picks) -> Recipe:
        """The recipe with any value of a field."""
        if field != "cut":
            recipe = self.space.tied(recipe.having(field, self._any(field, picks)))
        cuts = self.space.cuts(recipe.T)
        return (
            recipe
            if recipe.cut in cuts and field != "cut"
            else recipe.having("cut", picks.of(cuts))
        )

    def _any(self, field: str, picks: Picks) -> Any:
        if field in SIZES:
            return picks.of(picks.of(self._of_fields.classes[field]))
        return picks.of(self.space.choices[field])

    def rows(self, seed: str) -> list[Recipe]:
        """Recipes in which every pair occurs; some are made again, as long as they get fewer."""
        picks = Picks(seed)
        rows = self._completed([], picks)
        for _ in range(AGAIN):
            if len(rows) <= ENOUGH:
                break
            others = self._completed(rows[: len(rows) * 3 // 5], picks)
            if len(others) <= len(rows):
                rows = others
        return [rows[n] for n in picks.order(len(rows))]

    @functools.cached_property
    def _of_fields(self) -> FieldValues:
        return FieldValues(self)

    @functools.cached_property
    def _pairs(self) -> list[Pair]:
        return list(self.witnesses)

    @functools.cached_property
    def _costs(self) -> Weights:
        """Bits of what the cheapest known case with each pair costs."""
        costs = [self._of_fields.cost(recipe).bit_length() for recipe in self.witnesses.values()]
        return np.array(costs, dtype=np.int64)

    @functools.cached_property
    def _worth(self) -> Weights:
        """What a pair counts as long as no row has it: few rows have room for a dear one."""
        worth = np.zeros((self.size, self.size), dtype=np.int64)
        a, b = np.array(self._pairs, dtype=np.int64).reshape(-1, 2).T
        worth[a, b] = worth[b, a] = self._costs**2
        return worth

    def _completed(self, kept: Sequence[Recipe], picks: Picks) -> list[Recipe]:
        """Some rows and as many more as it takes, those that are hardest to do without first."""
        rows, worth = list(kept), PairWorth(self._worth)
        levels = [self.levels(recipe).tolist() for recipe in kept]
        for own in levels:
            worth.take(own)
        # the dearest first: their rows cover so much besides that few more of them are needed
        for n in np.lexsort(np.array([picks.keys(len(self._pairs)), -self._costs])).tolist():
            a, b = self._pairs[n]
            if worth.rows[a][b]:
                search = RowSearch(self._of_fields, worth, (a, b), self.witnesses[a, b])
                rows.append(search.swept(picks))
                levels.append(search.levels)
                worth.take(search.levels)
        return [rows[n] for n in self._needed(levels)]

    def _needed(self, rows: Sequence[Sequence[int]]) -> list[int]:
        """Numbers of the rows that have a pair that no other has, those with the most first.

        Args:
            rows: their levels.
        """
        pairs = [np.add.outer(np.array(levels) * self.size, levels).ravel() for levels in rows]
        pairs = [own[self._worth.take(own) > 0] for own in pairs]
        count = np.bincount(np.concatenate([*pairs, [0]]), minlength=self.size**2)

        def alone(n: int) -> int:
            return int((count.take(pairs[n]) == 1).sum())

        needed: list[int] = []
        for n in sorted(range(len(rows)), key=alone):
            if alone(n):
                needed.append(n)
            else:
                count[pairs[n]] -= 1
        return sorted(needed, key=alone, reverse=True)
