"""The pairs of levels that can occur in a space, each with a recipe that has both."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kinds_of_cuts import cuts_of_every_kind
from .recipe import SIZES, Recipe
from .recipe_columns import RecipeColumns
from .space import Space

Levels = NDArray[np.int64]
Pair = tuple[int, int]
FEW = 4
"""Values of a size that are tried where more than two fields vary; recipes of a level that are."""


class LevelPairs:
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
        self._known: dict[object, RecipeColumns] = {}

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
        """Pairs that cases could have, but none that can be afforded; a level of which that is so
        with itself.
        """
        every = _pairs_at_any_cost(self.space.at_any_cost)
        levels, affordable = ({a for p in pairs for a in p} for pairs in (every, self.witnesses))
        return (every - self.witnesses.keys()) | {(a, a) for a in levels - affordable}

    @functools.cached_property
    def possible_table(self) -> NDArray[np.bool_]:
        """(levels, levels): whether some case can have both; on the diagonal, the level."""
        table = self._table(self.witnesses)
        np.fill_diagonal(table, table.any(axis=0))
        return table

    @functools.cached_property
    def too_dear_table(self) -> NDArray[np.bool_]:
        """(levels, levels): whether they are among `too_dear`."""
        return self._table(self.too_dear)

    def _table(self, pairs: Iterable[Pair]) -> NDArray[np.bool_]:
        """A symmetric table that is true for some pairs."""
        table = np.zeros((self.size, self.size), dtype=bool)
        a, b = np.array([*pairs], dtype=np.int64).reshape(-1, 2).T
        table[a, b] = table[b, a] = True
        return table

    def _numbered(self, one: int, other: int, pair: Pair) -> Pair:
        """The numbers of a level of each of two factors."""
        return int(self.starts[one]) + pair[0], int(self.starts[other]) + pair[1]

    def _fields_of(self, number: int) -> tuple[str, ...]:
        """The fields that a factor reads, and the ones that decide those: a cut is one of its T."""
        reads = self.factors[number].reads
        ties = dict(self.space.ties)
        return tuple(dict.fromkeys(ties.get(field, field) for field in reads))

    @functools.cached_property
    def _single(self) -> list[dict[int, list[Recipe]]]:
        """The levels that each factor can have, and a few recipes of each: which one is cheapest
        depends on what else a case has.
        """
        return [self._of_level(n) for n in range(len(self.factors))]

    def _of_level(self, number: int) -> dict[int, list[Recipe]]:
        factor, fields = self.factors[number], self._fields_of(number)
        found: dict[int, list[Recipe]] = {}
        for recipe in self._recipes(fields):
            level = factor.level(recipe)
            if not self.space.allowed(recipe):
                continue
            others = found.setdefault(level, [])
            if len(others) < FEW and all(
                getattr(r, fields[0]) != getattr(recipe, fields[0]) for r in others
            ):
                others.append(recipe)
                if len(found) == len(factor.levels) and all(len(r) == FEW for r in found.values()):
                    break
        return found

    def _merged(self, one: int, other: int) -> dict[Pair, Recipe]:
        """Levels of two factors that read different fields, and recipes made of one for each."""
        found: dict[Pair, Recipe] = {}
        fields = self._fields_of(other)
        for (k, of_one), (l, of_other) in itertools.product(
            self._single[one].items(), self._single[other].items()
        ):
            pairs = itertools.product(of_one, of_other)
            for recipe in (self._with_fields(a, fields, b) for a, b in pairs):
                if self.space.allowed(recipe):
                    found[k, l] = recipe
                    break
        return found

    def _with_fields(self, recipe: Recipe, fields: Sequence[str], other: Recipe) -> Recipe:
        """A recipe with some fields of another one."""
        for field in fields:
            recipe = recipe.having(field, getattr(other, field))
        recipe = self.space.tied(recipe)
        return self.cut_cheaply(recipe) if "T" in fields and "cut" not in fields else recipe

    def _joint(self, one: int, other: int) -> dict[Pair, Recipe]:
        """Levels that two factors have together, and the first recipe found for each pair."""
        wanted = len(self._single[one]) * len(self._single[other])
        reads = self._fields_of(one), self._fields_of(other)
        if "cut" in reads[0] + reads[1]:
            return self._first_with_cuts(one, other, wanted)
        tried, many = self._tried(reads), len(self.factors[other].levels)
        both = tried.levels(self.factors[one]) * many + tried.levels(self.factors[other])
        pairs, first = np.unique(both[tried.allowed], return_index=True)
        places = np.flatnonzero(tried.allowed)
        return {
            divmod(int(pairs[n]), many): tried.recipes[int(places[first[n]])]
            for n in np.argsort(first)[:wanted]
        }

    def _first_with_cuts(self, one: int, other: int, wanted: int) -> dict[Pair, Recipe]:
        """`_joint` where truncations vary: there are too many to make them all."""
        found: dict[Pair, Recipe] = {}
        steps = {r.T for n in (one, other) for r in self._few_cuts(n)}
        reads = self._fields_of(one), self._fields_of(other)
        for recipe in self._recipes(*reads, also=steps):
            pair = self.factors[one].level(recipe), self.factors[other].level(recipe)
            if pair in found or not self.space.allowed(recipe):
                continue
            found[pair] = recipe
            if len(found) == wanted:
                break
        return found

    def _tried(self, reads: tuple[Sequence[str], ...]) -> RecipeColumns:
        """`_recipes`; many pairs of factors have the same."""
        every = frozenset(field for fields in reads for field in fields)
        key = every, frozenset(_alone(reads)) if len(every) > 2 else None
        if key not in self._known:
            self._known[key] = RecipeColumns(self.space, [*self._recipes(*reads)])
        return self._known[key]

    def _few_cuts(self, number: int) -> Iterator[Recipe]:
        """The few recipes of each level of a factor that reads the cut: not any T has one."""
        if "cut" in self.factors[number].reads:
            yield from itertools.chain.from_iterable(self._single[number].values())

    def _recipes(self, *reads: Sequence[str], also: Set[int] = frozenset()) -> Iterator[Recipe]:
        """Recipes with every kind of value of the fields that factors read, otherwise the cheapest.

        Args:
            reads: the fields of each factor.
            also: further values of every size.
        """
        every = {field for fields in reads for field in fields}
        fields = [f for f in self.fields if f in every and f != "cut"]
        if "cut" in every and fields == ["T"]:
            yield from self._every_cut
            return
        alone = _alone(reads)
        places, first = [Recipe._fields.index(f) for f in fields], [*self.cheapest]
        for values in self._values(fields, [f for f in fields if f in alone], also):
            for place, value in zip(places, values, strict=True):
                first[place] = value
            base = self.space.tied(Recipe._make(first))
            yield from self._cut_as(base) if "cut" in every else [self.cut_cheaply(base)]

    def _values(
        self, fields: Sequence[str], alone: Sequence[str], also: Set[int]
    ) -> Iterator[tuple[Any, ...]]:
        """Values of some fields: of one or two every kind with every other; of more sizes every
        kind of those that matter alone, with others that equal it or are small.
        """
        kinds: dict[str, Sequence[Any]] = {
            f: sorted({*self.representatives[f], *(also & self.sets[f])})
            if f in SIZES
            else self.space.choices[f]
            for f in fields
        }
        if len(fields) <= 2:
            yield from itertools.product(*kinds.values())
            return
        few: dict[str, set[Any]] = {f: {*kinds[f][:FEW], *self._common(f, fields)} for f in fields}
        for one in alone or fields[:1]:
            for value in kinds[one] if alone else sorted(few[one]):
                others: dict[str, set[Any]] = {
                    f: {*few[f], *({value} & self.sets[f])} for f in fields
                }
                others[one] = {value}
                yield from itertools.product(*(sorted(numbers) for numbers in others.values()))

    def _common(self, field: str, fields: Sequence[str]) -> Iterator[int]:
        """The two least values of a size that others have too: that each has, and that all have."""
        values, others = self.representatives[field], [self.sets[f] for f in fields if f != field]
        for also in (*others, frozenset.intersection(*others)):
            yield from [n for n in values if n in also][:2]

    @functools.cached_property
    def representatives(self) -> dict[str, list[int]]:
        """Values of every size: the first of each kind, and those that other sizes have too."""
        sizes = [f for f in self.fields if f in SIZES]
        chosen: dict[str, list[int]] = {}
        for field in sizes:
            tied = {field, *(name for name, other in self.space.ties if other == field)}
            alone = [f for f in self.factors if tied.issuperset(f.reads)]
            kinds: dict[tuple[object, ...], int] = {}
            for value in self.space.choices[field]:
                recipe = self.space.tied(self.cheapest.having(field, value))
                also = [value in self.sets[other] for other in sizes]
                kinds.setdefault((*also, *(f.level(recipe) for f in alone)), value)  # type: ignore[arg-type]
            chosen[field] = sorted(kinds.values())
        shared = {n for values in chosen.values() for n in values}
        return {f: sorted({*chosen[f], *(shared & self.sets[f])}) for f in chosen}

    def sizes_like(self, name: str, size: int) -> list[int]:
        """The values of a size that have its levels, as far as these depend on it alone."""
        return self._alike.get((name, size), [])

    @functools.cached_property
    def _alike(self) -> dict[tuple[str, int], list[int]]:
        alike: dict[tuple[str, int], list[int]] = {}
        for name in [f for f in self.fields if f in SIZES]:
            alone = [f for f in self.factors if f.reads == (name,)]
            kinds: dict[tuple[int, ...], list[int]] = {}
            for value in self.space.choices[name]:
                recipe = self.cheapest.having(name, value)
                same = kinds.setdefault(tuple(f.level(recipe) for f in alone), [])  # type: ignore[arg-type]
                same.append(value)  # type: ignore[arg-type]
                alike[name, value] = same  # type: ignore[index]
        return alike

    @functools.cached_property
    def sets(self) -> dict[str, frozenset[Any]]:
        """The values of every field."""
        return {name: frozenset(values) for name, values in self.space.values}

    @functools.cached_property
    def _every_cut(self) -> list[Recipe]:
        """Recipes with every T and every truncation of it, one of each kind."""
        kinds = cuts_of_every_kind(self.space)
        of_steps = {T: self.space.tied(self.cheapest.having("T", T)) for T, _ in kinds}
        return [of_steps[T].having("cut", cut) for T, cut in kinds]

    def _cut_as(self, recipe: Recipe) -> Iterator[Recipe]:
        """The recipe with every truncation that its steps may have."""
        for cut in self.space.cuts(recipe.T):
            yield recipe.having("cut", cut)

    def cut_cheaply(self, recipe: Recipe) -> Recipe:
        """The recipe with the truncation that needs fewest steps."""
        cut = self.space.cheapest_cut(recipe.T)
        return recipe if cut == recipe.cut else recipe.having("cut", cut)

    @functools.cached_property
    def cheapest(self) -> Recipe:
        """The first value of every field."""
        first = Recipe(**{name: values[0] for name, values in self.space.values})  # type: ignore[arg-type]
        return self.cut_cheaply(self.space.tied(first))


@functools.lru_cache(maxsize=64)
def _pairs_at_any_cost(space: Space) -> frozenset[Pair]:
    """The pairs of a space without limits of cost; many targets share one."""
    return frozenset(LevelPairs(space).witnesses)


def _alone(reads: Iterable[Sequence[str]]) -> set[str]:
    """The fields that one factor reads alone, or with the truncation."""
    return {f for one in reads for f in one if len({*one} - {"cut"}) == 1}
