"""Recipes to ask instead of one that a subject declined: as alike as possible, but simpler."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from .cuts import cut_keeps
from .recipe import SIZES, Cut, Recipe
from .space import Space

Change = tuple[str, object]
"""A field of a recipe and what becomes of it: of a size the name of another that it then equals, a
number of which it is a multiple, or "least"; of the cut relations that it keeps to; else a value.
"""
COMMON: tuple[Change, ...] = (
    ("O", "D"),
    ("D", "O"),
    ("initial_state", "zero"),
    ("B", "least"),
    ("H", 8),
    ("cut", "k1 = k2"),
    ("cut", "k1 = 1"),
    ("cut", "k1 >= T, k2 >= T"),
    ("lengths", "full"),
    ("layout", "contiguous"),
)
"""What code often needs, perhaps together; the rest of what can change is tried too."""
TOGETHER = 3
CUTS = ("k1 | T", "k1 = k2, k1 | T", "k2 >= T", "k1 >= T")


def alternatives(
    space: Space, recipe: Recipe, first: Iterable[Sequence[Change]] = ()
) -> Iterator[tuple[tuple[Change, ...], Recipe]]:
    """Changes of a recipe and what they make of it: one, then some of the common ones, then two.

    Args:
        space: what may be drawn.
        recipe: that was declined.
        first: changes that are tried before all others.
    """
    single = list(dict.fromkeys([*COMMON, *_every_change(space)]))
    common = (itertools.combinations(COMMON, count) for count in range(2, TOGETHER + 1))
    tried = itertools.chain(
        first,
        ((change,) for change in single),
        itertools.chain.from_iterable(common),
        itertools.combinations(single, 2),
    )
    seen = {recipe}
    for changes in tried:
        changed = _with_changes(space, recipe, changes)
        if changed is not None and not space.affordable(changed):
            changed = _cheaper(space, changed, changes)
        if changed is not None and changed not in seen and space.allowed(changed):
            seen.add(changed)
            yield tuple(changes), changed


def _every_change(space: Space) -> Iterator[Change]:
    """Everything that may become of a single field."""
    for name, values in space.choices.items():
        if name not in SIZES:
            yield from ((name, value) for value in values)
    for name in SIZES:
        yield from ((name, other) for other in SIZES if other != name)
        yield from ((name, how) for how in (2, 8, 16, 32, "least"))
    yield from (("cut", relations) for relations in CUTS)


def _with_changes(space: Space, recipe: Recipe, changes: Iterable[Change]) -> Recipe | None:
    """A recipe after some changes; None where one of them cannot be made."""
    changed = recipe
    for field, to in changes:
        if field == "cut":
            cut = _nearest_cut(space, changed, str(to))
            if cut is None:
                return None
            changed = changed.having("cut", cut)
            continue
        values = space.choices.get(field, ())
        value = _size(changed, field, to, values) if field in SIZES else to
        if value not in values:
            return None
        changed = space.tied(changed.having(field, value))
        if field == "T" and changed.cut not in space.cuts(changed.T):
            changed = changed.having("cut", _nearest_cut(space, changed, ""))
    return changed


def _cheaper(space: Space, recipe: Recipe, changes: Iterable[Change]) -> Recipe:
    """A recipe with smaller sizes, as far as they are not what was changed."""
    kept = {field for field, _ in changes} | {to for _, to in changes}
    relations = next((str(to) for field, to in changes if field == "cut"), "")
    for name in SIZES:
        if name in kept or name not in space.choices:
            continue
        own = getattr(recipe, name)
        smaller = [n for n in space.choices[name] if isinstance(n, int) and n < own]
        for size in reversed(smaller):
            recipe = space.tied(recipe.having(name, size))
            if name == "T":
                recipe = recipe.having("cut", _nearest_cut(space, recipe, relations))
            if space.affordable(recipe):
                return recipe
    return recipe


def _size(recipe: Recipe, name: str, to: object, values: Sequence[object]) -> object:
    """What a size becomes; None where it cannot."""
    if to == "least":
        return values[0] if values else None
    if isinstance(to, str):
        return getattr(recipe, to)
    own, divisor = getattr(recipe, name), int(str(to))
    multiples = [n for n in values if isinstance(n, int) and n % divisor == 0]
    return min(multiples, key=lambda n: abs(n - own), default=None)


def _nearest_cut(space: Space, recipe: Recipe, relations: str) -> Cut:
    """The most similar truncation that keeps to relations; None if there is none."""
    k1, k2 = recipe.cut or (0, 0)
    cuts = [c for c in space.cuts(recipe.T) if c and cut_keeps(c, recipe.T, relations)]
    return min(cuts, key=lambda c: abs(c[0] - k1) + abs(c[1] - k2), default=None)
