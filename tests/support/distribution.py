"""What may be counted in the specs of a run."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from support.levels import words_of

from bptt_check.cases.case import Spec
from bptt_check.cases.design.design import Design
from bptt_check.cases.design.recipe import recipe_of

Level = tuple[str, str]
"""A factor and its level, in words."""
Pairs = set[frozenset[Level]]


def possible_pairs(design: Design) -> Pairs:
    """The pairs of levels that the design says can occur together."""
    covering = design.covering
    named = [(factor.name, level) for factor in covering.factors for level in factor.levels]
    return {frozenset((named[a], named[b])) for a, b in covering.witnesses}


def pairs_in(design: Design, specs: Iterable[Spec]) -> Pairs:
    """The pairs of levels in some specs, which are read by other code than the design's."""
    names = [factor.name for factor in design.covering.factors]
    seen: Pairs = set()
    for spec in specs:
        words = words_of(recipe_of(spec), design.space.head)
        levels = [(name, words[name]) for name in names]
        seen |= {frozenset(pair) for pair in itertools.combinations(levels, 2)}
    return seen


def share(specs: Sequence[Spec], holds: Callable[[Spec], bool]) -> float:
    """The share of specs for which something holds."""
    return statistics.mean(map(holds, specs))


def equal_share(specs: Sequence[Spec], one: str, other: str) -> float:
    """The share of specs in which two sizes are equal."""
    return share(specs, lambda s: getattr(s.sizes, one) == getattr(s.sizes, other))


def cut_of(spec: Spec) -> tuple[int, int, int]:
    """k1, k2 and T of a truncated spec."""
    assert spec.truncation is not None
    return spec.truncation.k1, spec.truncation.k2, spec.sizes.T


def kinds_of_blocks(specs: Iterable[Spec]) -> Counter[str]:
    """How often several blocks are single steps, all of them equal, or the last one short."""
    cuts = [(k1, T) for k1, _, T in map(cut_of, specs) if k1 < T]
    return Counter("single" if k1 == 1 else "short" if T % k1 else "equal" for k1, T in cuts)


def in_place(one: Sequence[Spec], other: Sequence[Spec]) -> int:
    """How many cases of the same number have the same sizes."""
    return sum(a.sizes == b.sizes for a, b in zip(one, other, strict=True))


def numbered(numbers: Iterable[int], spec_of: Callable[[int], Spec]) -> dict[int, Spec]:
    """Number to spec, asked for in the order given, sorted by number."""
    return dict(sorted((number, spec_of(number)) for number in numbers))
