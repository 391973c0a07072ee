"""Case number i of a target: a pure function of (seed, target, i), on every machine."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..case import Spec
from ..content import content_of
from ..targets import Target
from .alternatives import Change, alternatives
from .covering import Covering
from .picks import Picks
from .recipe import SIZES, Recipe, recipe_of
from .saved_rows import load_or_search
from .space import Space, space_of
from .within import Within

NUMBERS = 2**16
"""Seeds of the numbers of a case."""
EVERYTHING = Within()
VARIANTS = 4
"""Coverings of one space for the targets of a seed."""
TRIES = 8
"""Sizes of the same kind that are tried before a case keeps its own."""


@dataclass(frozen=True)
class Design:
    """The cases of one target.

    The first ones cover every two levels of its factors that can occur together; after these come
    any. Targets of a seed have different cases. Those that could have the same ones share a few
    coverings, as these take time to make: two of them may have mostly the same sizes, but each
    begins elsewhere.
    """

    target: Target
    dtypes: tuple[str, ...] = ("float64",)
    seed: int = 0
    within: Within = EVERYTHING

    @functools.cached_property
    def space(self) -> Space:
        """What may be drawn."""
        return space_of(self.target, self.dtypes, self.within)

    @functools.cached_property
    def covering(self) -> Covering:
        """The factors, and the pairs of levels that can occur."""
        return _covering(self.space)

    @property
    def covered_after(self) -> int:
        """The number of cases after which every pair that can occur has occurred."""
        return len(self._rows)

    def spec(self, number: int) -> Spec:
        """The spec of case `number`, counted from 0."""
        picks = Picks(f"{self.seed} {self.target.name} {number}")
        recipe = self._recipe(number, picks)
        return recipe.spec(self.target.model, picks.below(NUMBERS))

    def specs(self, count: int, start: int = 0) -> Iterator[Spec]:
        """So many specs, all different."""
        seen = set[Spec]()
        for number in range(start, start + count):
            spec = self.spec(number)
            while spec in seen:
                spec = replace(spec, seed=(spec.seed + 1) % NUMBERS)
            seen.add(spec)
            yield spec

    def contains(self, spec: Spec) -> bool:
        """Whether a spec keeps to the limits; sizes between those that are drawn do."""
        recipe = recipe_of(spec)
        if spec.model != replace(self.target.model, layers=recipe.layers):
            return False
        if self.space.tied(recipe) != recipe or not self.space.cut_holds(recipe):
            return False
        return all(
            getattr(recipe, name) in values
            or (name in SIZES and not self._limited(name) and getattr(recipe, name) > 0)
            for name, values in self.space.choices.items()
        )

    def _limited(self, name: str) -> bool:
        """Whether a size must be one of those that are drawn."""
        return self.target.sizes is not None or getattr(self.within, name) is not None

    def alternatives(
        self, spec: Spec, first: Iterable[Sequence[Change]] = ()
    ) -> Iterator[tuple[tuple[Change, ...], Spec]]:
        """Specs to ask instead of one that a subject declined, and what is changed in them; each
        stands for other numbers.

        Args:
            spec: that was declined.
            first: changes after which the subject took others.
        """
        seen = {content_of(spec.build())}
        for changes, recipe in alternatives(self.space, recipe_of(spec), first):
            other = recipe.spec(self.target.model, spec.seed)
            content = content_of(other.build())
            if content not in seen:
                seen.add(content)
                yield changes, other

    @property
    def _rows(self) -> tuple[Recipe, ...]:
        """The recipes of the covering."""
        return _rows(self.space, self.seed, zlib.crc32(self.target.name.encode()) % VARIANTS)

    def _recipe(self, row: int, picks: Picks) -> Recipe:
        """The recipe of a row: of the covering design first, then any."""
        rows = self._rows
        if row >= len(rows):
            return self.covering.random_recipe(picks)
        start = Picks(f"{self.seed} {self.target.name}").below(len(rows))
        return self._with_other_sizes(rows[(row + start) % len(rows)], picks)

    def _with_other_sizes(self, recipe: Recipe, picks: Picks) -> Recipe:
        """The recipe with other sizes of the very same levels, where there are some."""
        levels = self.covering.levels(recipe).tolist()
        for name in SIZES:
            alike = self.covering.sizes_like(name, getattr(recipe, name))
            for _ in range(TRIES if len(alike) > 1 else 0):
                other = self.space.tied(recipe.having(name, picks.of(alike)))
                if self._possible(other) and self.covering.levels(other).tolist() == levels:
                    recipe = other
                    break
        return recipe

    def _possible(self, recipe: Recipe) -> bool:
        return self.space.allowed(recipe) and recipe.cut in self.space.cuts(recipe.T)


@functools.lru_cache(maxsize=64)
def _covering(space: Space) -> Covering:
    return Covering(space)


@functools.lru_cache(maxsize=256)
def _rows(space: Space, seed: int, variant: int) -> tuple[Recipe, ...]:
    return load_or_search(space, f"{seed} {variant}", lambda start: _covering(space).rows(start))
