"""How many cases had each level of the factors, and each two levels of different ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IMPOSSIBLE, TOO_DEAR = -2, -1
"""In the place of a count, where no case can have the levels, or none that can be afforded."""
Level = tuple[str, str]
"""Names of a factor and of one of its values."""


@dataclass(frozen=True, eq=False)
class LevelCounts:
    """Counts of levels and pairs of levels.

    Args:
        levels: those of one factor follow each other.
        table: (levels, levels), symmetric: how many cases had both, or the level of the diagonal.
    """

    levels: tuple[Level, ...]
    table: NDArray[np.int64]

    @classmethod
    def empty(cls, levels: Sequence[Level]) -> LevelCounts:
        """Counts of levels that no case can have."""
        shape = len(levels), len(levels)
        return cls(tuple(levels), np.full(shape, IMPOSSIBLE, dtype=np.int64))

    @property
    def factors(self) -> list[tuple[str, int, int]]:
        """Every factor, and where its levels begin and end."""
        names = [name for name, _ in self.levels]
        starts = [n for n, name in enumerate(names) if name not in names[:n]]
        ends = [*starts[1:], len(names)][: len(starts)]
        return [(names[start], start, end) for start, end in zip(starts, ends, strict=True)]

    @property
    def pairs(self) -> NDArray[np.int64]:
        """The counts of pairs of levels, each once: those that some case can have."""
        above = self.table[np.triu_indices(len(self.levels), 1)]
        return above[above >= 0]


def added_counts(several: Sequence[LevelCounts]) -> LevelCounts:
    """The sum by names of factors and levels; what is possible in one is possible."""
    names: dict[str, dict[str, None]] = {}
    for counts in several:
        for factor, level in counts.levels:
            names.setdefault(factor, {})[level] = None
    total = LevelCounts.empty([(f, level) for f, levels in names.items() for level in levels])
    place = {level: n for n, level in enumerate(total.levels)}
    for counts in several:
        at = np.array([place[level] for level in counts.levels], dtype=np.int64)
        before = total.table[np.ix_(at, at)]
        known = np.maximum(before, counts.table)
        both = (before >= 0) & (counts.table >= 0)
        total.table[np.ix_(at, at)] = np.where(both, before + counts.table, known)
    return total
