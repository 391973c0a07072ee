"""The cases of a recurrence: which sizes, numbers, cotangents and layouts, pair by pair.

Case i is a pure function of (seed, target, i). Its words, which cost nothing, are those whose
pairs occurred least before it, of all that there are; its sizes, of some that are drawn, those
whose pairs did, for their cost.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SpecError
from ..design.picks import Picks
from ..memory_layout import LAYOUTS
from .cotangents import COTANGENTS
from .coverage import RecurrenceCovering
from .inputs import Inputs
from .levels import class_of, remainder_of
from .recurrence import Recurrence, RecurrenceSpec, RecurrenceTarget
from .values import REGIMES

NUMBERS = 2**16
"""Seeds of the numbers of a case."""
CANDIDATES = 24
"""Sizes that are drawn for each case."""
COST = 0.125
"""Power of the cost by which the worth of sizes is divided: large ones occur, but not always."""
SEEN = 4.0
"""A pair of levels is worth so many times less with every case that had it."""
TRIES = 100
"""Draws of sizes, of which `where` must allow one."""

Row = Mapping[str, Any]
"""Free sizes and words by name."""


@dataclass(frozen=True)
class RecurrenceDesign:
    """The cases of one recurrence.

    Args:
        target: its name, and the recurrence as its model.
        dtypes: of which each case has one.
        seed: another one gives other cases.
        lines: of specs, where these alone are meant.
    """

    target: RecurrenceTarget
    dtypes: tuple[str, ...] = ("float64",)
    seed: int = 0
    lines: tuple[str, ...] = ()

    @property
    def model(self) -> Recurrence:
        """The recurrence."""
        return self.target.model

    def specs(self, count: int, start: int = 0) -> Iterator[RecurrenceSpec]:
        """So many specs, or those of its lines."""
        if self.lines:
            yield from map(self.model.spec_of, self.lines[start : start + count])
            return
        rows = _rows(self, start + count)
        for number in range(start, start + count):
            picks = Picks(f"{self.seed} {self.target.name} numbers {number}")
            yield self._spec(rows[number], picks.below(NUMBERS))

    def contains(self, spec: RecurrenceSpec) -> bool:
        """Whether a spec keeps to the sizes, dtypes and words."""
        inputs, sizes = self.model.inputs, spec.sizes
        tied = inputs.tied({n: sizes[n] for n in inputs.free}) == sizes
        return tied and not self.left_by(spec) and inputs.allows(sizes)

    def left_by(self, spec: RecurrenceSpec) -> tuple[str, str] | None:
        """The first size or word of a spec that no case here has, and what it may be."""
        for name, numbers in self.model.inputs.ranges.items():
            if spec.sizes[name] not in numbers:
                return f"{name}={spec.sizes[name]}", _told(numbers)
        for name, words in self.words.items():
            if getattr(spec, name) not in words:
                return f"{name}={getattr(spec, name)}", ", ".join(words)
        return None

    def alternatives(self, spec: RecurrenceSpec) -> Iterator[RecurrenceSpec]:
        """Specs to ask instead of one that a kernel declined: with plainer words, then others."""
        for word, plain in (("layout", "contiguous"), ("cotangents", "random")):
            if getattr(spec, word) != plain:
                yield replace(spec, **{word: plain})
        for number in range(CANDIDATES):
            picks = Picks(f"{spec} instead {number}")
            yield self._spec(self.row(picks), picks.below(NUMBERS))

    def row(self, picks: Picks) -> dict[str, Any]:
        """Any row: free sizes, and words."""
        words = {name: picks.of(options) for name, options in self.words.items()}
        return {**self.free_sizes(picks), **words}

    def free_sizes(self, picks: Picks) -> dict[str, int]:
        """Any free sizes.

        Raises:
            SpecError: `where` of the inputs allows none of many.
        """
        inputs = self.model.inputs
        for _ in range(TRIES):
            sizes = {n: _size(v, picks) for n, v in inputs.free.items()}
            if inputs.allows(inputs.tied(sizes)):
                return sizes
        raise SpecError(f"where= of Inputs holds for none of {TRIES} draws of the sizes.")

    @functools.cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """What else a case may have."""
        return {
            "dtype": self.dtypes,
            "regime": regimes_of(self.model.inputs),
            "cotangents": kinds_of_cotangents(self.model.inputs),
            "layout": LAYOUTS,
        }

    def _spec(self, row: Row, seed: int) -> RecurrenceSpec:
        sizes = self.model.inputs.tied({n: row[n] for n in self.model.inputs.free})
        words = {name: row[name] for name in self.words}
        return RecurrenceSpec(self.model, tuple(sizes.items()), seed=seed, **words)

    @functools.cached_property
    def covering(self) -> RecurrenceCovering:
        """The factors, and the pairs of levels that can occur."""
        return RecurrenceCovering(self.model.inputs.free, self.words, self.row)

    def cost(self, row: Row) -> float:
        """Numbers of the largest arrays."""
        inputs = self.model.inputs
        shapes = inputs.shapes(inputs.tied({n: row[n] for n in inputs.free}))
        return float(sum(math.prod(shape) for shape in shapes.values()))


@functools.lru_cache(maxsize=16)
def _rows(design: RecurrenceDesign, count: int) -> list[dict[str, Any]]:
    """The first rows of a design."""
    covering = design.covering
    combinations = itertools.product(*design.words.values())
    options = [dict(zip(design.words, words, strict=True)) for words in combinations]
    levels_of_options = np.array([covering.levels_of_words(words) for words in options])
    worth = np.ones((covering.size, covering.size))
    rows: list[dict[str, Any]] = []
    for number in range(count):
        picks = Picks(f"{design.seed} {design.target.name} row {number}")
        words = options[_best(_worths(worth, levels_of_options), picks)]
        drawn = [{**design.free_sizes(picks), **words} for _ in range(CANDIDATES)]
        levels = np.array([covering.levels(row) for row in drawn])
        costs = np.array([design.cost(row) for row in drawn])
        new = _worths(worth, levels) - _worths(worth, covering.levels_of_words(words)[np.newaxis])
        best = _best(new / costs**COST, picks)
        rows.append(drawn[best])
        worth[levels[best][:, np.newaxis], levels[best]] /= SEEN
    return rows


def _worths(worth: NDArray[np.float64], levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the levels of each row (rows, factors) and their pairs are worth together."""
    pairs = np.triu_indices(levels.shape[1])
    return worth[levels[:, pairs[0]], levels[:, pairs[1]]].sum(1)


def _best(worths: NDArray[np.float64], picks: Picks) -> int:
    """Which is worth most; any of those that are alike."""
    return picks.of(np.flatnonzero(worths == worths.max()).tolist())


def _told(numbers: range | tuple[int, ...]) -> str:
    """The numbers that a size may be."""
    if isinstance(numbers, range):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))


def _size(values: tuple[int, ...], picks: Picks) -> int:
    """A size: its classes are as likely as each other, and in each where it lies beside a tile."""
    return picks.of(picks.of(picks.of(_by_level(values))))


@functools.lru_cache(maxsize=64)
def _by_level(values: tuple[int, ...]) -> list[list[list[int]]]:
    """Sizes by class, and in each by remainder."""
    found: dict[str, dict[str, list[int]]] = {}
    for value in values:
        found.setdefault(class_of(value), {}).setdefault(remainder_of(value), []).append(value)
    return [[*of_class.values()] for of_class in found.values()]


def kinds_of_cotangents(inputs: Inputs) -> tuple[str, ...]:
    """The kinds of cotangents that make a difference."""
    return tuple(k for k in COTANGENTS if k != "last_step" or inputs.time is not None)


def regimes_of(inputs: Inputs) -> tuple[str, ...]:
    """The regimes that make a difference."""
    kinds = {v.kind for v in inputs.values.values()}
    timeless = any(
        v.kind == "normal" and inputs.time_axis(n) is None for n, v in inputs.values.items()
    )
    left_out = {"lowest", "highest", "extremes"} if "between" not in kinds else set[str]()
    left_out |= {"large", "small"} if "normal" not in kinds else set()
    left_out |= {"zero_states"} if inputs.time is None or not timeless else set()
    left_out |= {"repeated"} if inputs.time is None else set()
    return tuple(regime for regime in REGIMES if regime not in left_out)
