"""Which truncations a sequence of so many steps may have: some of every kind, not all there are."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from .recipe import Cut, steps_of
from .within import Relation, relations

EVERY = 32
"""Steps up to which all truncations are looked through where those of every kind do not keep to a
relation."""


@functools.lru_cache(maxsize=4096)
def possible_cuts(T: int, truncation: str) -> tuple[tuple[int, int], ...]:
    """k1 and k2 of the truncations of T steps, the simplest first.

    Args:
        T: steps.
        truncation: relations that they keep to, as `Within` has them; "" for all.
    """
    holding = relations_of(truncation)
    numbers = sorted({int(n) for n in re.findall(r"(?<!k)\d+", truncation)})
    found = _keeping(_some_cuts(T, numbers), holding, T)
    if not found and T <= EVERY:
        steps = range(1, T + 3)
        found = _keeping(((k1, k2) for k1 in steps for k2 in steps), holding, T)[:20]
    return found


@functools.lru_cache(maxsize=4096)
def cheapest_cut(T: int, truncation: str) -> tuple[int, int]:
    """The one of `possible_cuts`, of which there must be one, that needs fewest steps."""
    return min(possible_cuts(T, truncation), key=lambda cut: steps_of(T, cut))


def cut_keeps(cut: Cut, T: int, truncation: str) -> bool:
    """Whether a truncation of T steps keeps to relations."""
    return cut is not None and all(holds(*cut, T) for holds in relations_of(truncation))


@functools.lru_cache(maxsize=64)
def relations_of(truncation: str) -> tuple[Relation, ...]:
    """The relations of a text, none of an empty one."""
    return relations(truncation) if truncation else ()


def _keeping(
    cuts: Iterable[tuple[int, int]], holding: Iterable[Relation], T: int
) -> tuple[tuple[int, int], ...]:
    """Those that keep to all relations, each once."""
    return tuple(c for c in dict.fromkeys(cuts) if all(holds(*c, T) for holds in holding))


def _some_cuts(T: int, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Blocks of every kind for T steps, each with windows of every kind.

    Args:
        T: steps.
        numbers: that a relation names.
    """
    named = [n + d for n in numbers for d in (0, -1, 1) if n + d > 0]
    divisors = [n for n in range(2, T) if T % n == 0]
    short = [n for n in (2, 3, 4, 5, 7, 8, 16, T // 2 + 1, T - 1) if 1 < n < T and T % n]
    for k1 in dict.fromkeys((1, *divisors[:3], *divisors[-2:], *short, T, T + 2, *named)):
        for k2 in dict.fromkeys((1, 2, 3, k1 - 1, k1, k1 + 1, 2 * k1, T - 1, T, T + 2, *named)):
            if k2 > 0:
                yield k1, k2
