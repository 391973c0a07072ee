"""What is drawn of a case beside its model and its numbers, and what a case of that kind costs."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, NamedTuple

from ..case import Spec, Truncation
from ..model import Model, Sizes

Cut = tuple[int, int] | None
SIZES = ("T", "B", "D", "H", "O")


class Recipe(NamedTuple):
    """Everything of a spec but its model and its seed; `cut` is (k1, k2), None without truncation.

    The model's layers are here, as a target may leave them open.
    """

    T: int = 1
    B: int = 1
    D: int = 1
    H: int = 1
    O: int = 1
    cut: Cut = None
    layers: int = 1
    dtype: str = "float64"
    regime: str = "normal"
    lengths: bool | str = False
    inputs: str = "random"
    initial_state: str = "random"
    layout: str = "contiguous"

    def having(self, field: str, value: Any) -> Recipe:
        """The recipe with another value of one field; a design does it some 100,000 times, and
        `_replace` takes three times as long.
        """
        n = _INDEX[field]
        return Recipe._make((*self[:n], value, *self[n + 1 :]))

    def spec(self, model: Model, seed: int) -> Spec:
        """The spec of this recipe for a model, whose layers become those of the recipe."""
        changed = replace(model, layers=self.layers)
        return Spec(
            changed,
            Sizes(self.T, self.B, self.D, self.H, self.O),
            None if self.cut is None else Truncation(*self.cut),
            self.dtype,
            seed,
            self.regime,
            self.lengths,
            self.inputs,
            self.initial_state,
            self.layout,
        )


CHOICES = Recipe._fields.index("layers")
"""Where the fields of a recipe that are no sizes begin."""
_INDEX = {field: n for n, field in enumerate(Recipe._fields)}


def recipe_of(spec: Spec) -> Recipe:
    """The recipe of a spec."""
    cut = None if spec.truncation is None else (spec.truncation.k1, spec.truncation.k2)
    size = spec.sizes
    return Recipe(
        size.T,
        size.B,
        size.D,
        size.H,
        size.O,
        cut,
        spec.model.layers,
        spec.dtype,
        spec.regime,
        spec.lengths,
        spec.inputs,
        spec.initial_state,
        spec.layout,
    )


MOST_STEPS = 400
"""Steps that one sequence of a case may take, over layers, directions and windows."""
MOST_WORK = 30_000
"""Numbers that one pass over a case may compute for each layer and direction..."""
MOST_WORK_OF_SHORT = 90_000
"""...and in at most `SHORT` steps: one step of 129 units is among them."""
SHORT = 2


@functools.lru_cache(maxsize=2**16)
def steps_of(T: int, cut: Cut) -> int:
    """Steps of all windows of one sequence of T steps."""
    if cut is None:
        return T
    k1, k2 = cut
    before_last = (T - 1) // k1
    from_the_start = min(before_last, (k2 - 1) // k1)  # windows that are no longer than their end
    whole = before_last - from_the_start
    return k1 * from_the_start * (from_the_start + 1) // 2 + k2 * whole + min(k2, T)


def work_of(directions: int, recipe: Recipe) -> int:
    """Numbers that a pass over a case of the dearest cell, of four gates, computes, about.

    At every step of a window the gradients of all weights, and for every sequence some vectors; T
    steps at least, after which states enter the windows.
    """
    return max(recipe.T, steps_of(recipe.T, recipe.cut)) * work_of_step(directions, recipe)


def work_of_step(directions: int, recipe: Recipe) -> int:
    """What a step of `work_of` computes; of a recipe whose sizes are columns a column."""
    _, B, D, H, O, _, layers, *_ = recipe
    weights = 4 * H * (D + H + (layers - 1) * (directions + 1) * H) + O * H
    vectors = B * (10 * H * layers + D + 2 * O)
    return directions * (weights + vectors)
