"""Rows in which every two levels of the factors of a space occur that can occur together.

Greedy, one row at a time: a pair that no row has yet is built in, then every other field takes the
value with which the row has the most new pairs; among equals the cheapest. The rows that cover
least are made again a few times. Remainders of T,
truncations and equalities of sizes are properties of the same few numbers, so rows are searched
among the numbers and not among levels, most combinations of which do not exist.
"""

from __future__ import annotations

import functools
import operator
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .factors import Factor
from .level_pairs import LevelPairs, Levels, Pair
from .recipe import SIZES, Recipe, work_of
from .space import Space

Weights = NDArray[np.int64]
TRIES = 4
"""Values of a field of a random recipe, the first of which that is affordable is taken."""
SWEEPS = 4
"""How often the fields of a row are gone through."""
AGAIN, ENOUGH = 80, 100
"""How often the rows that cover least are made again at most, and how many rows are few enough: a
hundred cases have so many.
"""
CHOICES = Recipe._fields.index("layers")
"""Where the fields of a recipe that are no sizes begin."""


class Picks:
    """Choices that depend on the seed alone; only `random()` is promised never to change."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def below(self, count: int) -> int:
        """A number in [0, count)."""
        return int(self._random() * count)

    def of(self, values: Sequence[Any]) -> Any:
        """One of the values."""
        return values[self.below(len(values))]

    def order(self, count: int) -> list[int]:
        """0 .. count - 1 in another order."""
        keys = [self._random() for _ in range(count)]
        return sorted(range(count), key=keys.__getitem__)


class Covering(LevelPairs):
    """Recipes in which every pair of levels of a space occurs that can occur."""

    @functools.cached_property
    def _reading(self) -> dict[str, list[int]]:
        """Field to the factors whose level may change with it."""
        factors = list(enumerate(self.factors))
        return {f: [n for n, one in factors if _reads(one, f, self.space)] for f in self.fields}

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
            return picks.of(picks.of(self._classes[field]))
        return picks.of(self.space.choices[field])

    @functools.cached_property
    def _classes(self) -> dict[str, list[list[int]]]:
        """The values of every size by their class."""
        classes: dict[str, list[list[int]]] = {}
        for field in [f for f in self.fields if f in SIZES]:
            factor = next(f for f in self.factors if f.reads == (field,))
            by_level: dict[int, list[int]] = {}
            for value in self.space.choices[field]:
                level = factor.level(self.cheapest.having(field, value))  # type: ignore[arg-type]
                by_level.setdefault(level, []).append(value)  # type: ignore[arg-type]
            classes[field] = list(by_level.values())
        return classes

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
    def _worth(self) -> Weights:
        """What a pair counts as long as no row has it: few rows have room for a dear one."""
        worth = np.zeros((self.size, self.size), dtype=np.int64)
        for (a, b), recipe in self.witnesses.items():
            worth[a, b] = worth[b, a] = self._cost(recipe).bit_length() ** 2
        return worth

    def _completed(self, kept: Sequence[Recipe], picks: Picks) -> list[Recipe]:
        """Some rows and as many more as it takes, those that are hardest to do without first."""
        rows, new = list(kept), self._worth.copy()
        for recipe in kept:
            levels = self.levels(recipe)
            new[levels[:, None], levels] = 0
        pairs = list(self.witnesses)
        # the dearest first: their rows cover so much besides that few more of them are needed
        cost = [self._cost(recipe).bit_length() for recipe in self.witnesses.values()]
        for n in sorted(picks.order(len(pairs)), key=lambda n: -cost[n]):
            if new[pairs[n]]:
                recipe = self._row(*pairs[n], new, picks)
                rows.append(recipe)
                levels = self.levels(recipe)
                new[levels[:, None], levels] = 0
        return self._needed(rows)

    def _needed(self, rows: Sequence[Recipe]) -> list[Recipe]:
        """The rows that have a pair that no other has, those with the most first."""
        levels = [self.levels(recipe) for recipe in rows]
        count = np.zeros((self.size, self.size), dtype=np.int64)
        for own in levels:
            count[own[:, None], own] += self._worth[own[:, None], own] > 0

        def alone(n: int) -> int:
            own = levels[n]
            return int((count[own[:, None], own] == 1).sum())

        needed: list[int] = []
        for n in sorted(range(len(rows)), key=alone):
            if alone(n):
                needed.append(n)
            else:
                own = levels[n]
                count[own[:, None], own] -= self._worth[own[:, None], own] > 0
        return [rows[n] for n in sorted(needed, key=alone, reverse=True)]

    def _row(self, a: int, b: int, new: Weights, picks: Picks) -> Recipe:
        """A recipe with one pair in it, and as many others as a few sweeps over its fields find."""
        recipe = self.witnesses[a, b]
        levels = self.levels(recipe)
        for _ in range(SWEEPS):
            before = recipe
            for n in picks.order(len(self.fields)):
                recipe, levels = self._best(recipe, levels, self.fields[n], (a, b), new, picks)
            if recipe == before:
                break
        return recipe

    def _best(
        self,
        recipe: Recipe,
        levels: Levels,
        field: str,
        kept: Pair,
        new: Weights,
        picks: Picks,
    ) -> tuple[Recipe, Levels]:
        """The recipe with another value of one field, if that has more new pairs."""
        others = [recipe, *self._alternatives(recipe, field, picks)]
        reading = self._reading[field]
        rows = np.repeat(levels[None], len(others), axis=0)
        for row, other in zip(rows[1:], others[1:], strict=True):
            for n in reading:
                row[n] = self.starts[n] + self.factors[n].level(other)
        changed = rows[:, reading]  # the other pairs are the same in all of them
        score = new[changed[:, :, None], rows[:, None, :]].sum(axis=(1, 2)) * 2
        score -= new[changed[:, :, None], changed[:, None, :]].sum(axis=(1, 2))
        own = score[0], -self._cost(recipe)
        better = [n for n in range(1, len(others)) if score[n] >= score[0]]
        ranked = sorted(((score[n], -self._cost(others[n]), -n) for n in better), reverse=True)
        for *value, n in ranked:
            if tuple(value) <= own:
                break
            if {*kept} <= {*rows[-n].tolist()} and self.space.allowed(others[-n]):
                return others[-n], rows[-n]
        return recipe, levels

    def _cost(self, recipe: Recipe) -> int:
        """What a case costs; those that are plain come before those that are not."""
        plain = sum(map(operator.eq, recipe[CHOICES:], self.cheapest[CHOICES:]))
        return work_of(self.space.directions, recipe) << (len(recipe) - CHOICES - plain)

    def _alternatives(self, recipe: Recipe, field: str, picks: Picks) -> list[Recipe]:
        """The recipe with other values of one field; of many values some of each class."""
        if field == "cut":
            return [recipe.having("cut", cut) for cut in self.space.cuts(recipe.T)]
        if field not in SIZES:
            return [recipe.having(field, v) for v in self.space.choices[field]]
        values = {picks.of(kind) for kind in self._classes[field]}
        values |= {picks.of(self._representatives[field]) for _ in range(6)}
        same = {getattr(recipe, n) for n in SIZES if n != field}
        values |= {n for n in same if n in self._sets[field]}
        changed = [self.space.tied(recipe.having(field, v)) for v in sorted(values)]
        if field != "T" or not self.space.truncated:
            return changed
        return [r.having("cut", picks.of(self.space.cuts(r.T))) for r in changed]


def _reads(factor: Factor, field: str, space: Space) -> bool:
    """Whether a factor's level may change with a field, also through a size that equals it."""
    changed = {field, *(name for name, other in space.ties if other == field)}
    if field == "T":
        changed.add("cut")
    return not changed.isdisjoint(factor.reads)
