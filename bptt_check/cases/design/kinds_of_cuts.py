"""Truncations of every kind, at every number of steps of a space: they are the same in many."""

from __future__ import annotations

import functools

from .recipe import Cut, Recipe, steps_of
from .space import Space


def cuts_of_every_kind(space: Space) -> list[tuple[int, Cut]]:
    """T and a truncation, of each kind the one that needs fewest steps, these first."""
    return _of_steps_alone(_only_steps(space))


@functools.lru_cache(maxsize=64)
def _of_steps_alone(space: Space) -> list[tuple[int, Cut]]:
    """T and a truncation, of each kind the one that needs fewest steps; many targets share these.

    Args:
        space: reduced to what decides them, by `_only_steps`.
    """
    of_steps = [f for f in space.factors if f.reads == ("T",)]
    of_cuts = [f for f in space.factors if "cut" in f.reads]
    kinds: dict[tuple[int, ...], tuple[int, Cut]] = {}
    for T in space.choices["T"]:
        base = Recipe(T=T)  # type: ignore[arg-type]
        steps = [f.level(base) for f in of_steps]
        for cut in space.cuts(base.T):
            recipe = base.having("cut", cut)
            kind = (*steps, *[f.level(recipe) for f in of_cuts])
            known = kinds.get(kind)
            if known is None or steps_of(base.T, cut) < steps_of(*known):
                kinds[kind] = base.T, cut
    return sorted(kinds.values(), key=lambda one: steps_of(*one))


def _only_steps(space: Space) -> Space:
    """What of a space decides which truncations there are."""
    steps = tuple((name, values) for name, values in space.values if name == "T")
    return Space(1, False, steps, truncation=space.truncation, fixed_cut=space.fixed_cut)
