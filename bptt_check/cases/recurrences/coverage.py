"""Which levels of the factors of a recurrence its cases have, and which two can occur together."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..design.picks import Picks
from .levels import CLASSES, REMAINDERS, class_of, remainder_name, remainder_of
from .recurrence import RecurrenceSpec

ROWS = 2000
"""Rows that are drawn to see which two levels can occur together."""


class RecurrenceFactor(NamedTuple):
    """One property of a case: a name, and its values for readers."""

    name: str
    levels: tuple[str, ...]


class RecurrenceCovering:
    """Levels and pairs of the cases of one recurrence; a level has a number, counted through all
    factors.

    Args:
        sizes: what each free size may be.
        words: what each word may be.
        row: draws sizes and words.
    """

    def __init__(self, sizes: Mapping[str, Any], words: Mapping[str, Any], row: Any) -> None:
        self._sizes = {n: v for n, v in sizes.items() if len(v) > 1}
        self._words = {n: v for n, v in words.items() if len(v) > 1}
        self._row = row
        self.factors = [*self._factors()]
        starts = np.cumsum([0, *(len(f.levels) for f in self.factors)])
        self.size = int(starts[-1])
        self._starts = starts[:-1]

    def _factors(self) -> Any:
        for name, values in self._sizes.items():
            classes = dict.fromkeys(class_of(v) for v in values)
            yield RecurrenceFactor(name, tuple(c for c in CLASSES if c in classes))
            remainders = {remainder_of(v) for v in values}
            told = tuple(r for r in REMAINDERS if r in remainders)
            yield RecurrenceFactor(remainder_name(name), told)
        for name, options in self._words.items():
            yield RecurrenceFactor(name, tuple(options))

    def levels(self, row: Mapping[str, Any]) -> NDArray[np.int64]:
        """The number of the level of every factor, of sizes and words by name."""
        found: list[str] = []
        for name in self._sizes:
            found += [class_of(row[name]), remainder_of(row[name])]
        found += [row[name] for name in self._words]
        within = [f.levels.index(level) for f, level in zip(self.factors, found, strict=True)]
        return self._starts + np.array(within, dtype=np.int64)

    def levels_of(self, spec: RecurrenceSpec) -> NDArray[np.int64]:
        """The number of the level of every factor that a spec has."""
        return self.levels({**spec.sizes, **{n: getattr(spec, n) for n in self._words}})

    @functools.cached_property
    def possible_table(self) -> NDArray[np.bool_]:
        """(levels, levels): whether some of many rows had both; on the diagonal, the level."""
        table = np.zeros((self.size, self.size), dtype=bool)
        picks = Picks("which levels can occur together")
        for _ in range(ROWS):
            levels = self.levels(self._row(picks))
            table[levels[:, None], levels] = True
        return table

    @property
    def too_dear_table(self) -> NDArray[np.bool_]:
        """(levels, levels): nothing is too dear here."""
        return np.zeros((self.size, self.size), dtype=bool)
