"""The cases of a recurrence: which sizes, numbers, cotangents and layouts, pair by pair.

Case i is a pure function of (seed, target, i). Each takes, of some drawn rows, the one that has the
most pairs of levels that no case before it had, for its cost.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...errors import SpecError
from ..case import LAYOUTS
from ..design.picks import Picks
from .coverage import RecurrenceCovering
from .inputs import Inputs
from .levels import class_of
from .recurrence import COTANGENTS, Recurrence, RecurrenceSpec, RecurrenceTarget
from .values import REGIMES

NUMBERS = 2**16
"""Seeds of the numbers of a case."""
CANDIDATES = 24
"""Rows that are drawn for each case."""
COST = 0.25
"""Power of the cost by which the worth of a row is divided: large sizes occur, but not always."""
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
        """Whether a spec keeps to the sizes and dtypes."""
        inputs, sizes = self.model.inputs, spec.sizes
        within = all(min(v) <= sizes[n] <= max(v) for n, v in inputs.free.items())
        tied = inputs.tied({n: sizes[n] for n in inputs.free}) == sizes
        return within and tied and spec.dtype in self.dtypes and inputs.allows(sizes)

    def alternatives(self, spec: RecurrenceSpec) -> Iterator[RecurrenceSpec]:
        """Specs to ask instead of one that a kernel declined: with plainer words, then others."""
        for word, plain in (("layout", "contiguous"), ("cotangents", "random")):
            if getattr(spec, word) != plain:
                yield replace(spec, **{word: plain})
        for number in range(CANDIDATES):
            picks = Picks(f"{spec} instead {number}")
            yield self._spec(self.row(picks), picks.below(NUMBERS))

    def row(self, picks: Picks) -> dict[str, Any]:
        """Any row: free sizes, and words.

        Raises:
            SpecError: `where` of the inputs allows none of many.
        """
        inputs = self.model.inputs
        drawn = ({n: _size(v, picks) for n, v in inputs.free.items()} for _ in range(TRIES))
        sizes = next((s for s in drawn if inputs.allows(inputs.tied(s))), None)
        if sizes is None:
            raise SpecError(f"where= of Inputs holds for none of {TRIES} draws of the sizes.")
        words = {name: picks.of(options) for name, options in self.words.items()}
        return {**sizes, **words}

    @functools.cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """What else a case may have."""
        return {
            "dtype": self.dtypes,
            "regime": regimes_of(self.model.inputs),
            "cotangents": COTANGENTS,
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
    seen: set[tuple[int, int]] = set()
    levels_of = design.covering.levels
    rows: list[dict[str, Any]] = []
    for number in range(count):
        picks = Picks(f"{design.seed} {design.target.name} row {number}")
        drawn = [design.row(picks) for _ in range(CANDIDATES)]
        new = [set(itertools.combinations(levels_of(row).tolist(), 2)) - seen for row in drawn]
        worth = [len(n) / design.cost(r) ** COST for n, r in zip(new, drawn, strict=True)]
        best = worth.index(max(worth))
        rows.append(drawn[best])
        seen |= new[best]
    return rows


def _size(values: Sequence[int], picks: Picks) -> int:
    """A size: its classes are as likely as each other."""
    by_class: dict[str, list[int]] = {}
    for value in values:
        by_class.setdefault(class_of(value), []).append(value)
    return picks.of(picks.of([*by_class.values()]))


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
