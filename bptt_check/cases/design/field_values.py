"""The values of each field of a recipe, the levels that they decide, and what they cost."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from .level_pairs import LevelPairs
from .picks import Picks
from .recipe import CHOICES, SIZES, Cut, Recipe, steps_of, work_of

Value = tuple[Any, Cut]
"""A value of a field, T of a truncation; with the truncation where levels depend on both."""


@dataclass(frozen=True)
class FieldFactors:
    """The factors whose level may change with a field.

    Args:
        own: those whose level its value decides, with the truncation.
        equal: those that say whether it equals other sizes.
        reads_cut: whether one of `own` reads the truncation.
        equalities: the level of each of `equal` where it equals none, from which size on it
            counts, and where in a recipe the other sizes stand.
        unequal: the first of each of these.
        changed: the field, and the sizes that are tied to it.
        reads_cut: whether one of `own` reads the truncation.
    """

    own: tuple[int, ...]
    equal: tuple[int, ...]
    equalities: tuple[tuple[int, int, tuple[int, ...]], ...]
    unequal: tuple[int, ...]
    changed: frozenset[str]
    reads_cut: bool


class FieldValues:
    """Of a space: the values of each field, their levels, and what they cost."""

    def __init__(self, pairs: LevelPairs) -> None:
        self.pairs, self.space, self.fields = pairs, pairs.space, pairs.fields
        self.factors = {field: self._factors(field) for field in self.fields}
        self.plain = pairs.cheapest
        self._words: dict[str, list[Value]] = {
            field: [(value, None) for value in self.space.choices[field]]
            for field in self.fields
            if field not in (*SIZES, "cut")
        }
        self.own = {field: OwnLevels(self, field) for field in self.fields}

    def _factors(self, field: str) -> FieldFactors:
        changed = {field, *(name for name, other in self.space.ties if other == field)}
        with_cut = {*changed, "cut"} if field == "T" else changed
        own: list[int] = []
        equal: list[int] = []
        for n, factor in enumerate(self.pairs.factors):
            reads = {*factor.reads}
            if with_cut.isdisjoint(reads):
                continue
            if factor.equal_from is not None and not reads <= changed:
                equal.append(n)
            elif field in SIZES or field in ("cut", factor.reads[0]):
                own.append(n)
        reads_cut = any("cut" in self.pairs.factors[n].reads for n in own)
        equalities = tuple(self._equality(n, changed) for n in equal)
        unequal = tuple(level for level, *_ in equalities)
        return FieldFactors((*own,), (*equal,), equalities, unequal, frozenset(changed), reads_cut)

    def _equality(self, number: int, changed: Set[str]) -> tuple[int, int, tuple[int, ...]]:
        factor = self.pairs.factors[number]
        others = tuple(SIZES.index(name) for name in factor.reads if name not in changed)
        return int(self.pairs.starts[number]), factor.equal_from or 1, others  # "no" comes first

    def current(self, recipe: Recipe, field: str) -> Value:
        """The value of a recipe."""
        if field == "cut":
            return recipe.T, recipe.cut
        return getattr(recipe, field), recipe.cut if self.factors[field].reads_cut else None

    def having(self, recipe: Recipe, field: str, value: Value) -> Recipe:
        """The recipe with another value of a field, and of the sizes that equal it."""
        own, cut = value
        if field == "cut":
            return recipe.having("cut", cut)
        other = recipe.having(field, own)
        if field in SIZES:
            other = self.space.tied(other)
        return other.having("cut", cut) if field == "T" and self.space.truncated else other

    def equal_to(self, recipe: Recipe, field: str, size: int) -> list[int]:
        """The levels "no" of the factors that say that a size equals others, where it does."""
        return [
            level
            for level, least, others in self.factors[field].equalities
            if size >= least and all(recipe[n] == size for n in others)
        ]

    def cost(self, recipe: Recipe) -> int:
        """What a case costs; those that are plain come before those that are not."""
        plain = sum(map(operator.eq, recipe[CHOICES:], self.plain[CHOICES:]))
        return work_of(self.space.directions, recipe) << (len(recipe) - CHOICES - plain)

    def dearness(self, recipe: Recipe, field: str, values: Sequence[Value]) -> Sequence[int]:
        """Numbers that order the values of a field as `cost` does."""
        of_field = self.factors[field]
        if of_field.reads_cut:
            if len(of_field.changed) > 1:
                return [self.cost(self.having(recipe, field, value)) for value in values]
            return [max(T, steps_of(T, cut)) for T, cut in values]
        if field in SIZES or field == "layers":
            return [value for value, _ in values]
        plain = getattr(self.plain, field)
        return [value != plain for value, _ in values]

    @functools.cached_property
    def classes(self) -> dict[str, list[list[int]]]:
        """The values of every size by their class."""
        classes: dict[str, list[list[int]]] = {}
        for field in [f for f in self.fields if f in SIZES]:
            factor = next(f for f in self.pairs.factors if f.reads == (field,))
            by_level: dict[int, list[int]] = {}
            for value in self.space.choices[field]:
                level = factor.level(self.plain.having(field, value))  # type: ignore[arg-type]
                by_level.setdefault(level, []).append(value)  # type: ignore[arg-type]
            classes[field] = list(by_level.values())
        return classes

    def others(self, recipe: Recipe, field: str, picks: Picks) -> list[Value]:
        """Other values of a field; of a size some of each class, and those of the other sizes."""
        if field == "cut":
            return [(recipe.T, cut) for cut in self.space.cuts(recipe.T)]
        if field not in SIZES:
            return self._words[field]
        pairs = self.pairs
        values = {picks.of(kind) for kind in self.classes[field]}
        values |= {picks.of(pairs.representatives[field]) for _ in range(6)}
        same = {getattr(recipe, name) for name in SIZES if name != field}
        values |= same & pairs.sets[field]
        if field == "T" and self.space.truncated:
            return [(T, picks.of(self.space.cuts(T))) for T in sorted(values)]
        cut = recipe.cut if self.factors[field].reads_cut else None
        return [(value, cut) for value in sorted(values)]


class OwnLevels(dict[Value, tuple[int, ...]]):
    """The values of a field that were asked for, and the levels of the factors that they decide."""

    def __init__(self, values: FieldValues, field: str) -> None:
        super().__init__()
        self._values, self._field = values, field

    def __missing__(self, value: Value) -> tuple[int, ...]:
        pairs, own = self._values.pairs, self._values.factors[self._field].own
        recipe = self._values.having(pairs.cheapest, self._field, value)
        if self._values.factors[self._field].reads_cut:
            steps = value[0] if self._field in ("T", "cut") else recipe.T
            recipe = recipe.having("T", steps).having("cut", value[1])
        levels = tuple([int(pairs.starts[n]) + pairs.factors[n].level(recipe) for n in own])
        self[value] = levels
        return levels
