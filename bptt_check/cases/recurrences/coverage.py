"""Which levels of the factors of a recurrence its cases have, and which two can occur together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..design.picks import Picks
from .levels import CLASSES, REMAINDERS, class_of, remainder_name, remainder_of
from .recurrence import RecurrenceSpec

_PROPERTIES: tuple[tuple[Callable[[str], str], tuple[str, ...], Callable[[int], str]], ...] = (
    (str, CLASSES, class_of),
    (remainder_name, REMAINDERS, remainder_of),
)
"""Properties of a size: what each is called, its levels, and which of them a size has."""
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
        self._of_sizes = [*self._size_factors()]
        self._of_words = [RecurrenceFactor(n, tuple(v)) for n, v in self._words.items()]
        self.factors = [*self._of_sizes, *self._of_words]
        starts = np.cumsum([0, *(len(f.levels) for f in self.factors)])
        self.size = int(starts[-1])
        self._starts = starts[:-1]

    def _size_factors(self) -> Iterator[RecurrenceFactor]:
        """Class and remainder of every size in which there is a choice."""
        for name, values in self._sizes.items():
            for told, names, of in _PROPERTIES:
                levels = {of(v) for v in values}
                if len(levels) > 1:
                    yield RecurrenceFactor(told(name), tuple(n for n in names if n in levels))

    def levels(self, row: Mapping[str, Any]) -> NDArray[np.int64]:
        """The number of the level of every factor, of sizes and words by name."""
        return np.concatenate([self.levels_of_sizes(row), self.levels_of_words(row)])

    def levels_of_sizes(self, row: Mapping[str, Any]) -> NDArray[np.int64]:
        """The same of the sizes alone."""
        said = {told(n): of(row[n]) for n in self._sizes for told, _, of in _PROPERTIES}
        return self._numbered(said, self._of_sizes, 0)

    def levels_of_words(self, row: Mapping[str, Any]) -> NDArray[np.int64]:
        """The same of the words alone."""
        return self._numbered(row, self._of_words, len(self._of_sizes))

    def _numbered(
        self, said: Mapping[str, Any], factors: Sequence[RecurrenceFactor], first: int
    ) -> NDArray[np.int64]:
        within = [f.levels.index(said[f.name]) for f in factors]
        return self._starts[first : first + len(factors)] + np.array(within, dtype=np.int64)

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
