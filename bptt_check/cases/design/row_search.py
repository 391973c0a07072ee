"""One row of a covering: a recipe with as many pairs of levels as a few sweeps find that no row
has yet.

A value of a field decides few levels, so what it is worth is a sum over these: what they have with
the levels that stay, and with each other. Whether sizes are equal is told by levels of its own,
which are "no" for all values but those of the other sizes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .field_values import FieldValues, Value
from .level_pairs import Pair
from .picks import Picks
from .recipe import SIZES, Recipe

Weights = NDArray[np.int64]
SWEEPS = 4
"""How often the fields of a row are gone through."""


class PairWorth:
    """What pairs of levels count, those that no row has yet.

    Args:
        worth: (levels, levels), symmetric; 0 for a pair that cannot occur.
    """

    def __init__(self, worth: Weights) -> None:
        self.table = worth.copy()
        self.rows: list[list[int]] = worth.tolist()
        self._sums: dict[tuple[int, ...], int] = {}
        self._with: dict[tuple[int, ...], Weights] = {}
        self._more: dict[int, list[int]] = {}

    def take(self, levels: Sequence[int]) -> None:
        """A row has these levels: their pairs count no more."""
        for level in levels:
            row = self.rows[level]
            for other in levels:
                row[other] = 0
        self.table[np.ix_(levels, levels)] = 0
        self._sums.clear()
        self._with.clear()
        self._more.clear()

    def among(self, levels: tuple[int, ...]) -> int:
        """The sum over the pairs of some levels."""
        known = self._sums.get(levels)
        if known is None:
            pairs = itertools.combinations(levels, 2)
            known = self._sums[levels] = sum([self.rows[a][b] for a, b in pairs])
        return known

    def of_each(self, levels: tuple[int, ...]) -> Weights:
        """For every level the sum over its pairs with some."""
        known = self._with.get(levels)
        if known is None:
            known = self._with[levels] = self.table.take(levels, axis=0).sum(axis=0)
        return known

    def if_equal(self, unequal: int) -> list[int]:
        """For every level how much more it is worth that sizes are equal than that they are not."""
        known = self._more.get(unequal)
        if known is None:
            known = self._more[unequal] = (self.table[unequal + 1] - self.table[unequal]).tolist()
        return known


class RowSearch:
    """A row in the making.

    Args:
        values: of the fields of the space.
        worth: of the pairs.
        pair: of levels that the row must have.
        recipe: that has them.
    """

    def __init__(self, values: FieldValues, worth: PairWorth, pair: Pair, recipe: Recipe) -> None:
        self._values, self._worth, self._pair = values, worth, pair
        self.recipe = recipe
        self.levels: list[int] = values.pairs.levels(recipe).tolist()
        self._gains = worth.of_each(tuple(self.levels)).copy()
        self._gain_list: list[int] = self._gains.tolist()
        self._best_at: dict[str, int] = {}
        self._changes = 0

    def swept(self, picks: Picks) -> Recipe:
        """The row after all sweeps."""
        fields = self._values.fields
        for _ in range(SWEEPS):
            before = self.recipe
            for n in picks.order(len(fields)):
                self._improve(fields[n], picks)
            if self.recipe == before:
                break
        return self.recipe

    def _improve(self, field: str, picks: Picks) -> None:
        """Take the best value of a field, if it is better than the one that there is."""
        values, recipe = self._values, self.recipe
        if field not in SIZES and self._best_at.get(field) == self._changes:
            return  # the same values as then, none of which was better
        options = [values.current(recipe, field), *values.others(recipe, field, picks)]
        scores = self.scores(field, options)
        costs = values.dearness(recipe, field, options)
        own, cost = scores[0], costs[0]
        better = [
            (-score, costs[n], n)
            for n, score in enumerate(scores)
            if score > own or (score == own and costs[n] < cost)
        ]
        for *_, n in sorted(better):
            if self._keeps_pair(field, options[n]):
                other = values.having(recipe, field, options[n])
                if values.space.allowed(other):
                    self._become(other, field, options[n])
                    break
        self._best_at[field] = self._changes

    def scores(self, field: str, options: Sequence[Value]) -> list[int]:
        """What each value is worth, up to the same number for all."""
        of_field, worth, levels = self._values.factors[field], self._worth, self.levels
        known = self._values.own[field]
        chosen = [known[value] for value in options]
        if not of_field.equal and len(of_field.own) == 1:
            gains = self._gain_list
            return [gains[level] for (level,) in chosen]
        left = worth.of_each(tuple([levels[n] for n in (*of_field.own, *of_field.equal)]))
        gains = (self._gains - left + worth.of_each(of_field.unequal)).tolist()
        scores = [sum([gains[level] for level in own]) + worth.among(own) for own in chosen]
        if of_field.equal:
            recipe = self.recipe
            others = {getattr(recipe, name) for name in SIZES if name not in of_field.changed}
            for n, (size, _) in enumerate(options):
                if size in others:
                    equal = self._values.equal_to(self.recipe, field, size)
                    scores[n] += self._more_if_equal(equal, chosen[n], gains)
        return scores

    def _more_if_equal(
        self, equal: Sequence[int], own: tuple[int, ...], gains: Sequence[int]
    ) -> int:
        """How much more a value is worth as it equals other sizes.

        Args:
            equal: the levels "no" that become "yes".
            own: levels of the value.
            gains: of all levels where it equals none.
        """
        more = 0
        for n, level in enumerate(equal):
            of_pairs = self._worth.if_equal(level)
            more += gains[level + 1] - gains[level] + sum([of_pairs[a] for a in own])
            more += sum([of_pairs[other + 1] - of_pairs[other] for other in equal[:n]])
        return more

    def _keeps_pair(self, field: str, value: Value) -> bool:
        """Whether the row has its pair with another value of a field, too."""
        of_field = self._values.factors[field]
        changed = {self.levels[n] for n in (*of_field.own, *of_field.equal)}
        if changed.isdisjoint(self._pair):
            return True
        return {*self._pair} <= {*self._levels_with(field, value)}

    def _levels_with(self, field: str, value: Value) -> list[int]:
        """The levels of the row with another value of a field."""
        of_field, levels = self._values.factors[field], self.levels.copy()
        for n, level in zip(of_field.own, self._values.own[field][value], strict=True):
            levels[n] = level
        equal = self._values.equal_to(self.recipe, field, value[0]) if of_field.equal else ()
        for n, level in zip(of_field.equal, of_field.unequal, strict=True):
            levels[n] = level + (level in equal)
        return levels

    def _become(self, recipe: Recipe, field: str, value: Value) -> None:
        """Go on from another recipe, which has another value of a field."""
        table, levels = self._worth.table, self._levels_with(field, value)
        for old, new in zip(self.levels, levels, strict=True):
            if old != new:
                self._gains += table[new]
                self._gains -= table[old]
        self.recipe, self.levels = recipe, levels
        self._changes += 1
        self._gain_list = self._gains.tolist()
