"""Rows in which every two levels of the factors of a space occur that can occur together.

Greedy, one row at a time: a pair that no row has yet is built in, then every other field takes the
value with which the row has the most new pairs; among equals the cheapest. Remainders of T,
truncations and equalities of sizes are properties of the same few numbers, so rows are searched
among the numbers and not among levels, most combinations of which do not exist.
"""

from __future__ import annotations

import functools
import itertools
import operator
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .factors import Factor
from .recipe import SIZES, Recipe, work_of
from .space import Space

Levels = NDArray[np.int64]
Pairs = NDArray[np.bool_]
Pair = tuple[int, int]
SWEEPS = 2
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


class Covering:
    """Levels and pairs of one space. A level has a number, counted through all factors."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.factors = space.factors
        counts = [len(f.levels) for f in self.factors]
        self.starts = np.cumsum([0, *counts[:-1]])
        self.size = sum(counts)
        self.fields = [n for n in space.choices if len(space.choices[n]) > 1]
        if space.truncated and space.fixed_cut is None:
            self.fields.append("cut")
        self._refused: set[Pair] = set()
        """Pairs of which a recipe was looked at that cannot be afforded."""
        self._reading = {
            field: [n for n, f in enumerate(self.factors) if _reads(f, field, space)]
            for field in self.fields
        }

    def levels(self, recipe: Recipe) -> Levels:
        """The number of the level of every factor."""
        return self.starts + np.array([f.level(recipe) for f in self.factors], dtype=np.int64)

    @functools.cached_property
    def witnesses(self) -> dict[Pair, Recipe]:
        """Every pair of levels that can occur, and a recipe that has both."""
        found: dict[Pair, Recipe] = {}
        for one, other in itertools.combinations(range(len(self.factors)), 2):
            apart = set(self._fields_of(one)).isdisjoint(self._fields_of(other))
            of_pair = self._merged(one, other) if apart else self._joint(one, other)
            found |= {self._numbered(one, other, p): recipe for p, recipe in of_pair.items()}
        return found

    @functools.cached_property
    def too_dear(self) -> frozenset[Pair]:
        """Pairs that no case can afford; a level that none can afford at all with itself."""
        found = {(level, level) for pair in self.witnesses for level in pair}
        return frozenset(self._refused - found - self.witnesses.keys())

    def _numbered(self, one: int, other: int, pair: Pair) -> Pair:
        """The numbers of a level of each of two factors."""
        return int(self.starts[one]) + pair[0], int(self.starts[other]) + pair[1]

    def _fields_of(self, number: int) -> tuple[str, ...]:
        """The fields that a factor reads, and the ones that decide those: a cut is one of its T."""
        reads = self.factors[number].reads
        ties = dict(self.space.ties)
        return tuple(dict.fromkeys(ties.get(field, field) for field in reads))

    @functools.cached_property
    def _single(self) -> list[dict[int, Recipe]]:
        """The levels that each factor can have, and the first recipe found for each."""
        return [
            {level: recipe for (level, _), recipe in self._joint(n, n).items()}
            for n in range(len(self.factors))
        ]

    def _merged(self, one: int, other: int) -> dict[Pair, Recipe]:
        """Levels of two factors that read different fields, and recipes made of one for each."""
        found: dict[Pair, Recipe] = {}
        fields = self._fields_of(other)
        for (k, of_one), (l, of_other) in itertools.product(
            self._single[one].items(), self._single[other].items()
        ):
            taken = {field: getattr(of_other, field) for field in fields}
            recipe = self.space.tied(of_one._replace(**taken))
            if "T" in fields and "cut" not in fields:
                recipe = recipe._replace(cut=self.space.cuts(recipe.T)[0])
            if self.space.allowed(recipe):
                found[k, l] = recipe
            else:
                self._refused.add(self._numbered(one, other, (k, l)))
        return found

    def _joint(self, one: int, other: int) -> dict[Pair, Recipe]:
        """Levels that two factors have together, and the first recipe found for each pair."""
        wanted = 0 if one == other else len(self._single[one]) * len(self._single[other])
        wanted = wanted or len(self.factors[one].levels)
        reads = dict.fromkeys((*self._fields_of(one), *self._fields_of(other)))
        fields = [f for f in self.fields if f in reads and f != "cut"]
        found: dict[Pair, Recipe] = {}
        for values in itertools.product(*(self._few(f, len(fields)) for f in fields)):
            base = self.cheapest._replace(**dict(zip(fields, values, strict=True)))
            for recipe in self._cut_as(self.space.tied(base), "cut" in reads):
                pair = self.factors[one].level(recipe), self.factors[other].level(recipe)
                if pair in found:
                    continue
                if self.space.allowed(recipe):
                    found[pair] = recipe
                else:
                    self._refused.add(self._numbered(one, other, pair))
            if len(found) == wanted:
                break
        return found

    def _few(self, field: str, among: int) -> Sequence[Any]:
        """The values of a field, of which many are alike where more than two fields vary."""
        values = self.space.choices[field]
        if field not in SIZES:
            return values
        return self._representatives[field] if among <= 2 else self._representatives[field][:8]

    @functools.cached_property
    def _representatives(self) -> dict[str, list[int]]:
        """Values of every size: the first of each kind, and those that other sizes have too."""
        chosen: dict[str, list[int]] = {}
        for field in [f for f in self.fields if f in SIZES]:
            alone = [f for f in self.factors if f.reads == (field,)]
            kinds: dict[tuple[int, ...], int] = {}
            for value in self.space.choices[field]:
                recipe = self.cheapest._replace(**{field: value})
                kinds.setdefault(tuple(f.level(recipe) for f in alone), value)  # type: ignore[arg-type]
            chosen[field] = sorted(kinds.values())
        shared = {n for values in chosen.values() for n in values}
        return {
            f: sorted({*chosen[f], *(n for n in shared if n in self.space.choices[f])})
            for f in chosen
        }

    def _cut_as(self, recipe: Recipe, every: bool) -> Iterator[Recipe]:
        """The recipe with every truncation that its steps may have, or with the first."""
        cuts = self.space.cuts(recipe.T)
        for cut in cuts if every else cuts[:1]:
            yield recipe._replace(cut=cut)

    @functools.cached_property
    def cheapest(self) -> Recipe:
        """The first value of every field."""
        first = Recipe(**{name: values[0] for name, values in self.space.values})  # type: ignore[arg-type]
        first = self.space.tied(first)
        return first._replace(cut=self.space.cuts(first.T)[0])

    def random_recipe(self, picks: Picks) -> Recipe:
        """Any recipe: classes of sizes are as likely as each other, not sizes."""
        for _ in range(64):
            recipe = self.cheapest
            for field in self.fields:
                if field != "cut":
                    recipe = recipe._replace(**{field: self._any(field, picks)})
            recipe = self.space.tied(recipe)
            recipe = recipe._replace(cut=picks.of(self.space.cuts(recipe.T)))
            if self.space.allowed(recipe):
                return recipe
        return self.cheapest

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
                level = factor.level(self.cheapest._replace(**{field: value}))  # type: ignore[arg-type]
                by_level.setdefault(level, []).append(value)  # type: ignore[arg-type]
            classes[field] = list(by_level.values())
        return classes

    def rows(self, seed: str) -> Iterator[Recipe]:
        """Recipes until every pair that can occur has occurred."""
        picks = Picks(seed)
        pairs = list(self.witnesses)
        new = np.zeros((self.size, self.size), dtype=bool)
        for a, b in pairs:
            new[a, b] = new[b, a] = True
        # the dearest first: their rows cover so much besides that few more of them are needed
        cost = [self._cost(recipe) for recipe in self.witnesses.values()]
        for n in sorted(picks.order(len(pairs)), key=lambda n: -cost[n].bit_length()):
            a, b = pairs[n]
            if not new[a, b]:
                continue
            recipe = self._row(a, b, new, picks)
            yield recipe
            levels = self.levels(recipe)
            new[levels[:, None], levels] = False

    def _row(self, a: int, b: int, new: Pairs, picks: Picks) -> Recipe:
        """A recipe with one pair in it, and as many others as a few sweeps over its fields find."""
        recipe = self.witnesses[a, b]
        levels = self.levels(recipe)
        for _ in range(SWEEPS):
            for n in picks.order(len(self.fields)):
                recipe, levels = self._best(recipe, levels, self.fields[n], (a, b), new, picks)
        return recipe

    def _best(
        self,
        recipe: Recipe,
        levels: Levels,
        field: str,
        kept: Pair,
        new: Pairs,
        picks: Picks,
    ) -> tuple[Recipe, Levels]:
        """The recipe with another value of one field, if that has more new pairs."""
        others = [recipe, *self._alternatives(recipe, field, picks)]
        rows = np.repeat(levels[None], len(others), axis=0)
        for row, other in zip(rows[1:], others[1:], strict=True):
            for n in self._reading[field]:
                row[n] = self.starts[n] + self.factors[n].level(other)
        score = new[rows[:, :, None], rows[:, None, :]].sum(axis=(1, 2))
        ranked = sorted(range(1, len(others)), key=lambda n: (-score[n], self._cost(others[n])))
        for best in ranked:
            if score[best] < score[0]:
                break
            if (score[best] > score[0] or self._cost(others[best]) < self._cost(recipe)) and (
                {*kept} <= {*rows[best].tolist()} and self.space.allowed(others[best])
            ):
                return others[best], rows[best]
        return recipe, levels

    def _cost(self, recipe: Recipe) -> int:
        """What a case costs; those that are plain come before those that are not."""
        plain = sum(map(operator.eq, recipe[CHOICES:], self.cheapest[CHOICES:]))
        return work_of(self.space.directions, recipe) << (len(recipe) - CHOICES - plain)

    def _alternatives(self, recipe: Recipe, field: str, picks: Picks) -> list[Recipe]:
        """The recipe with other values of one field; of many values some of each class."""
        if field == "cut":
            return [recipe._replace(cut=cut) for cut in self.space.cuts(recipe.T)]
        if field not in SIZES:
            return [recipe._replace(**{field: v}) for v in self.space.choices[field]]
        values = {picks.of(kind) for kind in self._classes[field]}
        values |= {picks.of(self._representatives[field]) for _ in range(6)}
        same = {getattr(recipe, n) for n in SIZES if n != field}
        values |= {n for n in same if n in self._sets[field]}
        changed = [self.space.tied(recipe._replace(**{field: v})) for v in sorted(values)]
        if field != "T" or not self.space.truncated:
            return changed
        return [r._replace(cut=picks.of(self.space.cuts(r.T))) for r in changed]

    @functools.cached_property
    def _sets(self) -> dict[str, frozenset[Any]]:
        return {name: frozenset(values) for name, values in self.space.values}


def _reads(factor: Factor, field: str, space: Space) -> bool:
    """Whether a factor's level may change with a field, also through a size that equals it."""
    changed = {field, *(name for name, other in space.ties if other == field)}
    if field == "T":
        changed.add("cut")
    return not changed.isdisjoint(factor.reads)
