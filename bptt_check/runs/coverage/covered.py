"""What the cases of a run covered: records of levels, pairs of levels, targets and calls.

Counts are of decided cases: of those whose verdict is `pass` or a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ...errors import quoted
from .level_counts import IMPOSSIBLE, TOO_DEAR, LevelCounts, added_counts

MOST = 9
"""Cases of a pair of levels are counted up to here."""
LEAST_SHARE = 0.5
"""Share of the cases of a target that must be decided for a pass. Right code has nearly all (in
bfloat16 five of eight at the least), and fewer than half are no ground for a pass."""
MOST_LEVELS = 2000
"""Levels of all factors, for every two of which a table has a place; a run has some hundred."""
_MARKS = {IMPOSSIBLE: "-", TOO_DEAR: "!"}
_CODES = {mark: code for code, mark in _MARKS.items()}


@dataclass(frozen=True)
class CoveredFactor:
    """One documented factor over all targets.

    Args:
        name: for readers.
        levels: its values, for readers.
        cases: how many decided cases had each level; None where no case can have it.
        too_dear: the levels among these that cases could have, but none that can be afforded.
        pairs: for each level a line with one character for every level of the factors after this
            one, in their order: how many decided cases had both (`9` is nine or more), `-` where
            none can, `!` where none that can be afforded can.
    """

    name: str
    levels: tuple[str, ...]
    cases: tuple[int | None, ...]
    too_dear: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()


class CoveredTarget(NamedTuple):
    """What became of the cases of one target.

    Args:
        asked: cases that were to be checked, and reached.
        decided: those whose verdict is `pass` or a failure.
        declined: those that the subject declined and for which no similar one was found.
        redrawn: those that the subject declined and instead of which a similar one was checked.
        pairs_checked, pairs_possible: of every two levels of its factors.
    """

    model: str
    asked: int
    decided: int
    declined: int
    redrawn: int
    pairs_checked: int
    pairs_possible: int
    check: str = ""

    @property
    def few_decided(self) -> bool:
        """Whether too few cases were decided for a pass."""
        return too_few(self.decided, self.asked)


def too_few(decided: int, asked: int) -> bool:
    """Whether so many decided cases are too few for a pass, of all that were asked."""
    return decided < LEAST_SHARE * asked


@dataclass(frozen=True)
class Limit:
    """One limit that `Within` set: what was drawn, and values that would be drawn without it."""

    name: str
    drawn: str
    left_out: tuple[str, ...] = ()
    check: str = ""


@dataclass(frozen=True)
class Covered:
    """What the cases of a run covered; empty for a run that was recorded without.

    Args:
        factors: over all targets; levels and pairs of the same names are added up.
        targets: one by one.
        calls: kind of further call to how often it was made.
        largest: T, B, D, H, O and layers to the largest of any decided case.
        limits: what was left out by `within`.
    """

    factors: tuple[CoveredFactor, ...] = ()
    targets: tuple[CoveredTarget, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    largest: Mapping[str, int] = field(default_factory=dict[str, int])
    limits: tuple[Limit, ...] = ()

    def labelled(self, check: str) -> Covered:
        """The record of the check of this name among several."""
        return replace(
            self,
            targets=tuple(t._replace(check=check) for t in self.targets),
            limits=tuple(replace(limit, check=check) for limit in self.limits),
        )

    def target(self, check: str, model: str) -> CoveredTarget | None:
        """What became of a target; None if nothing is recorded."""
        of_it = (t for t in self.targets if (t.check, t.model) == (check, model))
        return next(of_it, None)


def added_records(several: Iterable[Covered]) -> Covered:
    """The record of several runs together; pairs are counted up to `MOST` again."""
    records = list(several)
    counts = added_counts([counts_of(r.factors) for r in records if r.factors])
    calls: dict[str, int] = {}
    largest: dict[str, int] = {}
    for record in records:
        calls = {**calls, **{n: calls.get(n, 0) + count for n, count in record.calls.items()}}
        largest = {**largest, **{n: max(largest.get(n, 0), v) for n, v in record.largest.items()}}
    return Covered(
        factors_of(counts),
        tuple(target for record in records for target in record.targets),
        calls,
        largest,
        tuple(limit for record in records for limit in record.limits),
    )


def factors_of(counts: LevelCounts) -> tuple[CoveredFactor, ...]:
    """The records of counts."""
    factors: list[CoveredFactor] = []
    for name, start, end in counts.factors:
        rows = counts.table[start:end]
        own = [int(rows[n, start + n]) for n in range(end - start)]
        levels = tuple(level for _, level in counts.levels[start:end])
        factors.append(
            CoveredFactor(
                name,
                levels,
                tuple(None if count < 0 else count for count in own),
                tuple(l for l, count in zip(levels, own, strict=True) if count == TOO_DEAR),
                tuple("".join(_mark(int(count)) for count in row[end:]) for row in rows),
            )
        )
    return tuple(factors)


def counts_of(factors: Sequence[CoveredFactor]) -> LevelCounts:
    """The counts that were recorded, those of pairs up to `MOST`.

    Raises:
        ValueError: the lines of a record do not fit its levels.
    """
    _check_pairs(factors)  # first: a table has a place for every two levels that are named
    counts = LevelCounts.empty([(f.name, level) for f in factors for level in f.levels])
    for factor, (_, start, end) in zip(factors, counts.factors, strict=True):
        table = counts.table
        for n, (level, cases) in enumerate(zip(factor.levels, factor.cases, strict=True), start):
            dear = TOO_DEAR if level in factor.too_dear else IMPOSSIBLE
            table[n, n] = dear if cases is None else cases
        for n, line in enumerate(factor.pairs, start):
            table[n, end:] = [_code(mark) for mark in line]
        table[end:, start:end] = table[start:end, end:].T
    return counts


def _check_pairs(factors: Sequence[CoveredFactor]) -> None:
    """Raise `ValueError` where there is not a count for every level, and every two of them."""
    later = sum(len(factor.levels) for factor in factors)
    if later > MOST_LEVELS:
        raise ValueError(f"it has {later:,} levels of factors; a run has at most {MOST_LEVELS:,}")
    for factor in factors:
        later -= len(factor.levels)
        if len(factor.pairs) != len(factor.levels) or {*map(len, factor.pairs)} != {later}:
            raise ValueError(f"the pairs of {quoted(factor.name)} do not fit its levels")
        if len(factor.cases) != len(factor.levels):
            raise ValueError(f"the cases of {quoted(factor.name)} do not fit its levels")
        unknown = {mark for line in factor.pairs for mark in line} - {*_CODES, *"0123456789"}
        if unknown:
            raise ValueError(f"the pairs of {quoted(factor.name)} have a mark {min(unknown)!r}")


def _mark(count: int) -> str:
    return _MARKS.get(count) or str(min(count, MOST))


def _code(mark: str) -> int:
    return _CODES[mark] if mark in _CODES else int(mark)
