"""What readers ask about the coverage of a run: how much was decided, and what no case had.

Everything is read from the record; `not_checked` and `coverage_lines` make the words.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..cases.design.recipe import SIZES
from ..runs.coverage.covered import Covered, CoveredFactor, CoveredTarget, Limit, counts_of
from ..runs.coverage.level_counts import TOO_DEAR, LevelCounts
from ..runs.records import Run
from ..verdicts.verdict import Verdict
from . import grouping
from .called import label

NAMED = 4
"""Pairs of levels and targets that a sentence names."""
_DECIDED = frozenset(str(v) for v in Verdict if v.decided)
LevelPair = tuple[str, str, str, str]
"""A factor and its level, another factor and its level."""


class LevelState(StrEnum):
    """What became of a level of a factor."""

    SEEN = "seen"
    UNSEEN = "unseen"
    """Some case could have it, and no decided one had."""
    TOO_DEAR = "too large"
    NEVER = "never drawn"


def state_of(factor: CoveredFactor, level: str) -> LevelState:
    """What became of a level."""
    cases = factor.cases[factor.levels.index(level)]
    if cases is None:
        return LevelState.TOO_DEAR if level in factor.too_dear else LevelState.NEVER
    return LevelState.SEEN if cases else LevelState.UNSEEN


@dataclass(frozen=True)
class FactorPair:
    """Two factors: how many pairs of their levels some case had, of how many that can occur.

    `fewest` is the number of cases of the pair that had the fewest, up to `covered.MOST`.
    """

    one: str
    other: str
    checked: int
    possible: int
    fewest: int
    missing: tuple[LevelPair, ...]


@dataclass(frozen=True)
class PairFacts:
    """All pairs of levels: those of every two factors, and those that no case can afford."""

    factors: tuple[FactorPair, ...]
    too_dear: tuple[LevelPair, ...]

    @property
    def checked(self) -> int:
        """Pairs of levels that some decided case had."""
        return sum(pair.checked for pair in self.factors)

    @property
    def possible(self) -> int:
        """Pairs of levels that can occur."""
        return sum(pair.possible for pair in self.factors)

    @property
    def incomplete(self) -> list[FactorPair]:
        """Pairs of factors of which levels are missing, those with the most of them first."""
        lacking = [pair for pair in self.factors if pair.missing]
        return sorted(lacking, key=lambda pair: -len(pair.missing))


def pair_facts(covered: Covered) -> PairFacts:
    """The pairs of levels of a record."""
    counts = counts_of(covered.factors)
    alone = np.diagonal(counts.table) == TOO_DEAR
    dear = (counts.table == TOO_DEAR) & ~alone[:, None] & ~alone
    pairs = (_factor_pair(counts, *two) for two in itertools.combinations(counts.factors, 2))
    return PairFacts(
        tuple(pair for pair in pairs if pair.possible), tuple(_named(counts, np.triu(dear, 1)))
    )


def _factor_pair(
    counts: LevelCounts, one: tuple[str, int, int], other: tuple[str, int, int]
) -> FactorPair:
    (first, a, b), (second, c, d) = one, other
    mask = np.zeros(counts.table.shape, dtype=bool)
    mask[a:b, c:d] = True
    table = counts.table[a:b, c:d]
    possible = table[table >= 0]
    return FactorPair(
        first,
        second,
        int((possible > 0).sum()),
        len(possible),
        int(possible.min(initial=9)),
        tuple(_named(counts, mask & (counts.table == 0))),
    )


def _named(counts: LevelCounts, mask: np.ndarray) -> Iterator[LevelPair]:
    """The names of two levels, for every place of a table."""
    for a, b in np.argwhere(mask).tolist():
        yield (*counts.levels[a], *counts.levels[b])


def decided_cases(run: Run) -> tuple[int, int]:
    """How many cases were decided, and of how many that were asked of targets not declined."""
    targets = [t for t in run.covered.targets if not _is_declined(run, t)]
    if targets:
        return sum(t.decided for t in targets), sum(t.asked for t in targets)
    return sum(n for v, n in run.cases.items() if v in _DECIDED), sum(run.cases.values())


def _is_declined(run: Run, target: CoveredTarget) -> bool:
    return label(target.check, target.model) in run.declined


def few_decided(run: Run) -> list[CoveredTarget]:
    """The targets of which too few cases were decided for a pass."""
    return [t for t in run.covered.targets if t.few_decided and not _is_declined(run, t)]


def decided_sentence(run: Run) -> str:
    """`98 of 100 cases decided`."""
    decided, asked = decided_cases(run)
    return f"{decided:,} of {grouping.plural(asked, 'case')} decided"


def few_decided_sentence(target: CoveredTarget) -> str:
    """Why the cases of a target are too few for a pass."""
    open_ones = target.asked - target.decided - target.declined
    parts = [
        f"{target.declined:,} declined by the subject" if target.declined else "",
        f"{open_ones:,} undecided" if open_ones else "",
    ]
    why = ", ".join(part for part in parts if part)
    return (
        f"only {target.decided:,} of {grouping.plural(target.asked, 'case')} decided ({why}); "
        "a pass needs half of them"
    )


def coverage_lines(run: Run) -> list[str]:
    """The coverage in one line; none where nothing is recorded."""
    if not run.covered.factors:
        return []
    pairs = pair_facts(run.covered)
    share = f"{pairs.checked:,} of {pairs.possible:,} pairs of levels"
    return [
        f"  {share} of {grouping.plural(len(run.covered.factors), 'factor')}; "
        f"largest {_sizes(run.covered.largest)}",
    ]


def _sizes(largest: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {size}" for name, size in largest.items() if name in SIZES)


def not_checked(run: Run) -> list[str]:
    """What no decided case had, a sentence each."""
    covered = run.covered
    if not covered.factors:
        return []
    pairs = pair_facts(covered)
    return [
        *map(_limit, covered.limits),
        f"sizes beyond the largest that was checked: {_sizes(covered.largest)}",
        *_levels(covered),
        *_missing(pairs),
        *_too_dear(pairs),
        *_declined(run),
    ]


def _limit(limit: Limit) -> str:
    """What a limit leaves out."""
    where = f" in {limit.check}" if limit.check else ""
    left_out = f": without {', '.join(limit.left_out)}" if limit.left_out else ""
    return f"left out by within {limit.name}={limit.drawn}{where}{left_out}"


def _levels(covered: Covered) -> Iterator[str]:
    """Single levels that no case had, or can have."""
    for what, state in (
        ("no case has", LevelState.UNSEEN),
        ("too large to afford", LevelState.TOO_DEAR),
        ("never drawn", LevelState.NEVER),
    ):
        by_levels: dict[str, list[str]] = {}
        for factor in covered.factors:
            levels = [level for level in factor.levels if state_of(factor, level) is state]
            by_levels.setdefault(" or ".join(levels), []).append(factor.name)
        where = [f"{levels} of {', '.join(names)}" for levels, names in by_levels.items() if levels]
        if where:
            yield f"{what}: {'; '.join(where)}"


def _missing(pairs: PairFacts) -> Iterator[str]:
    missing = [names for pair in pairs.incomplete for names in pair.missing]
    if missing:
        count = grouping.plural(len(missing), "pair")
        yield f"{count} of levels that no case has: {_some_pairs(missing)}"


def _too_dear(pairs: PairFacts) -> Iterator[str]:
    if pairs.too_dear:
        yield f"too large to afford together: {_some_pairs(pairs.too_dear)}"


def _some_pairs(pairs: Sequence[LevelPair]) -> str:
    """The first pairs, and how many there are besides them."""
    named = [f"{a}: {k} with {b}: {l}" for a, k, b, l in pairs[:NAMED]]
    more = [f"and {len(pairs) - NAMED:,} more"] if len(pairs) > NAMED else []
    return "; ".join([*named, *more])


def _declined(run: Run) -> Iterator[str]:
    """What the subject declined case by case; whole targets are listed elsewhere."""
    targets = [t for t in run.covered.targets if not _is_declined(run, t)]
    declined, redrawn = sum(t.declined for t in targets), sum(t.redrawn for t in targets)
    if declined:
        yield f"{grouping.plural(declined, 'case')} that the subject declined"
    if redrawn:
        yield (
            f"{grouping.plural(redrawn, 'case')} that the subject declined and instead of which "
            "similar ones were checked"
        )
