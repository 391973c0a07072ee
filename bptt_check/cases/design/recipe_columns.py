"""Many recipes of a space at once: what they cost and their levels, in columns."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .factors import Factor
from .recipe import SHORT, SIZES, Recipe, steps_of, work_of_step
from .space import Space


class RecipeColumns:
    """Recipes that differ in their sizes and truncations, perhaps in their words."""

    def __init__(self, space: Space, recipes: Sequence[Recipe]) -> None:
        self.recipes, self._space = recipes, space
        self._levels: dict[str, NDArray[np.int64]] = {}

    @functools.cached_property
    def _sizes(self) -> Recipe:
        """The sizes in columns."""
        return Recipe(*np.array([recipe[: len(SIZES)] for recipe in self.recipes]).T)

    def levels(self, factor: Factor) -> NDArray[np.int64]:
        """The level of each recipe."""
        if factor.name not in self._levels:
            self._levels[factor.name] = self._levels_of(factor)
        return self._levels[factor.name]

    def _levels_of(self, factor: Factor) -> NDArray[np.int64]:
        if factor.equal_from is not None:
            return np.asarray(factor.level(self._sizes), dtype=np.int64)
        place = [Recipe._fields.index(field) for field in factor.reads]
        known: dict[object, int] = {}
        levels: list[int] = []
        for recipe in self.recipes:
            read = recipe[place[0]] if len(place) == 1 else tuple(recipe[n] for n in place)
            if read not in known:
                known[read] = factor.level(recipe)
            levels.append(known[read])
        return np.array(levels, dtype=np.int64)

    @functools.cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """`Space.allowed` of each."""
        words = {(recipe.layout, recipe.inputs): recipe for recipe in self.recipes}
        possible = {kind: self._space.possible(recipe) for kind, recipe in words.items()}
        kinds = [possible[recipe.layout, recipe.inputs] for recipe in self.recipes]
        return np.array(kinds, dtype=bool) & self._affordable()

    def _affordable(self) -> NDArray[np.bool_]:
        """`Space.affordable` of each."""
        space = self._space
        layers = np.array([recipe.layers for recipe in self.recipes], dtype=np.float64)
        sizes = self._sizes._replace(layers=layers)  # type: ignore[arg-type]
        steps = np.array(
            [steps_of(recipe.T, recipe.cut) for recipe in self.recipes], dtype=np.float64
        )
        times = layers * space.directions
        work = np.maximum(sizes.T, steps) * work_of_step(space.directions, sizes)
        most = np.where(steps <= SHORT, float(space.most_work_of_short), float(space.most_work))
        return (steps * times <= space.most_steps) & (work <= most * times)
