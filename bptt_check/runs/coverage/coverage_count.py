"""Counts what the cases of a run cover, as they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...cases.any_case import AnySpec
from ...cases.any_target import AnyCovering, AnyDesign, levels_of, sizes_in
from ...cases.design.within import KINDS_OF_LENGTHS, Within
from ...cases.follow_up import FollowUpKind
from ...cases.generate import INITIAL_STATES, INPUTS, REGIMES
from ...cases.memory_layout import LAYOUTS
from ...verdicts.case_report import CaseReport
from ...verdicts.verdict import Verdict
from .covered import Covered, CoveredTarget, Limit, factors_of, too_few
from .level_counts import TOO_DEAR, LevelCounts, added_counts


@dataclass(eq=False)
class TargetCount:
    """The cases of one target so far, and how many of the decided ones had each two levels."""

    model: str
    covering: AnyCovering
    asked: int = 0
    decided: int = 0
    declined: int = 0
    redrawn: int = 0
    table: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.table = np.zeros((self.covering.size, self.covering.size), dtype=np.int64)

    def counts(self) -> LevelCounts:
        """The counts, with what cannot be."""
        levels = [(f.name, level) for f in self.covering.factors for level in f.levels]
        counts = LevelCounts.empty(levels)
        counts.table[self.covering.too_dear_table] = TOO_DEAR
        # of an earlier failure also sizes that are not drawn
        possible = (self.table > 0) | self.covering.possible_table
        counts.table[possible] = self.table[possible]
        return counts


class CoverageCount:
    """Adds up the cases of a run, target by target."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._largest: dict[str, int] = {}
        self._targets: dict[str, TargetCount] = {}

    def begin(self, design: AnyDesign) -> None:
        """The cases of a target come now."""
        name = design.target.name
        self._targets[name] = TargetCount(name, design.covering)

    def add(self, model: str, drawn: AnySpec, report: CaseReport) -> None:
        """Take in one case of a target that was begun; `drawn` is what it was drawn as."""
        count, spec = self._targets[model], report.case.spec
        count.asked += 1
        count.declined += report.verdict is Verdict.UNSUPPORTED
        count.redrawn += spec != drawn
        if not report.verdict.decided or spec is None:
            return
        count.decided += 1
        self.calls.update(report.asked)
        levels = levels_of(count.covering, spec)
        count.table[levels[:, None], levels] += 1
        for name, size in sizes_in(spec).items():
            self._largest[name] = max(self._largest.get(name, 0), size)

    def few_decided(self, model: str) -> bool:
        """Whether too few cases of a target were decided for a pass."""
        count = self._targets[model]
        return too_few(count.decided, count.asked)

    def record(self, within: Within, at_the_end: int) -> Covered:
        """What was covered, without the factors of targets of which every case was declined.

        `at_the_end` is how often a case was asked again.
        """
        counts = {name: count.counts() for name, count in self._targets.items()}
        taken = [c for c in self._targets.values() if c.declined < c.asked]
        self.calls[FollowUpKind.AT_THE_END] += at_the_end
        return Covered(
            factors_of(added_counts([counts[count.model] for count in taken])),
            tuple(_target(self._targets[name], counted) for name, counted in counts.items()),
            {str(kind): number for kind, number in self.calls.items()},
            self._largest,
            limits_of(within),
        )


def _target(count: TargetCount, counts: LevelCounts) -> CoveredTarget:
    pairs = counts.pairs
    return CoveredTarget(
        count.model,
        count.asked,
        count.decided,
        count.declined,
        count.redrawn,
        int((pairs > 0).sum()),
        len(pairs),
    )


_DRAWN: dict[str, tuple[str, ...]] = {
    "regimes": REGIMES,
    "inputs": INPUTS,
    "initial_state": INITIAL_STATES,
    "layouts": LAYOUTS,
    "lengths": KINDS_OF_LENGTHS,
}
"""Fields of `Within` that hold words, and the words that are drawn without it."""


def limits_of(within: Within) -> tuple[Limit, ...]:
    """Every limit that was set, and the kinds that it leaves out; of sizes it names none."""
    limits: list[Limit] = []
    for name, drawn in within.written().items():
        kept = getattr(within, name) or ()
        left_out = tuple(word for word in _DRAWN.get(name, ()) if word not in kept)
        limits.append(Limit(name, drawn, left_out))
    return tuple(limits)
