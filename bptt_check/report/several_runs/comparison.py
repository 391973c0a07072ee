"""Two runs side by side: what got worse, what is fixed, better, new or gone.

A change is one gradient of one model against one oracle. Verdicts decide first; among equal
verdicts the error does, where it grew or shrank by more than the threshold and matters: below a
tenth of the budget two runs differ by chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...runs.records import Failure, Run, Summary
from ...verdicts.verdict import Verdict
from .. import grouping
from ..systematic.changes import SharedChange, shared_changes

KINDS = {
    "worse": "a worse verdict, or an error that grew beyond the threshold",
    "new": "only in the later run",
    "gone": "only in the earlier run",
    "fixed": "failed before, passes now",
    "better": "a better verdict, or an error that shrank beyond the threshold",
    "same": "neither",
}
"""Kinds of changes, in the order in which they are shown."""
THRESHOLD = 2.0
MATTERS = 0.1
"""Share of the budget below which an error is not told from rounding of another size."""


@dataclass(frozen=True)
class Change:
    """What became of one row; `before` or `after` is None where there is none."""

    kind: str
    before: Summary | None
    after: Summary | None

    @property
    def row(self) -> Summary:
        """The later row, or the earlier one if it is gone."""
        row = self.after or self.before
        assert row is not None
        return row

    @property
    def regressed(self) -> bool:
        """Whether it is something that a gate must stop: worse, or new and failing."""
        return self.kind == "worse" or (self.kind == "new" and self.row.verdict.failing)

    @property
    def growth(self) -> float:
        """The later error over the earlier one, in budgets; NaN where either was not measured."""
        if self.before is None or self.after is None:
            return math.nan
        return _ratio(self.before.max_budgets, self.after.max_budgets)


@dataclass(frozen=True)
class GradientChange:
    """The same kind of change of one gradient by several oracles: the worst of them, and all."""

    worst: Change
    changes: tuple[Change, ...]

    @property
    def oracles(self) -> tuple[str, ...]:
        """That say so."""
        return tuple(change.row.oracle for change in self.changes)


def by_gradient(changes: Iterable[Change]) -> list[GradientChange]:
    """Changes by what they are of, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        row = change.row
        groups.setdefault((change.kind, row.check, row.model, row.parameter), []).append(change)
    return [GradientChange(of[0], tuple(of)) for of in groups.values()]


@dataclass(frozen=True)
class Comparison:
    """A base, a run and the changes between them: regressions first, then by kind and size."""

    base: Run
    run: Run
    threshold: float
    changes: tuple[Change, ...]

    @property
    def shared(self) -> tuple[SharedChange, ...]:
        """Errors that all cases of only one of the runs share, new ones first."""
        return shared_changes(self.base, self.run)

    @property
    def counts(self) -> dict[str, int]:
        """Number of changes of every kind."""
        counts = Counter(change.kind for change in self.changes)
        return {kind: counts[kind] for kind in KINDS}

    @property
    def gradient_counts(self) -> dict[str, int]:
        """The same of gradients, whichever oracles say so."""
        counts = Counter(group.worst.kind for group in by_gradient(self.changes))
        return {kind: counts[kind] for kind in KINDS}

    @property
    def regressions(self) -> tuple[Change, ...]:
        """What got worse, and what is new and fails."""
        return tuple(change for change in self.changes if change.regressed)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """New failures that no row tells of: a subject that raises leaves none to compare."""
        told = {(change.row.check, change.row.model) for change in self.regressions}
        before = {(f.check, f.model, f.verdict) for f in self.base.failures}
        return tuple(
            f
            for f in self.run.failures
            if (f.check, f.model, f.verdict) not in before and (f.check, f.model) not in told
        )

    @property
    def is_worse(self) -> bool:
        """Whether a gate should stop the run."""
        new = any(change.is_new for change in self.shared)
        return bool(self.regressions or self.failures or new)

    @property
    def declined(self) -> tuple[str, ...]:
        """Models that the subject declines now and did not before."""
        return tuple(m for m in self.run.declined if m not in self.base.declined)


def compare(base: Run, run: Run, threshold: float = THRESHOLD) -> Comparison:
    """Compare a run with an earlier one.

    Args:
        base: the earlier run.
        run: the later run.
        threshold: factor by which an error in budgets must grow or shrink to count, above 1.
    """
    changes = sorted(_changes(base, run, threshold), key=_rank)
    return Comparison(base, run, threshold, tuple(changes))


def _changes(base: Run, run: Run, threshold: float) -> Iterator[Change]:
    before, after = ({_key(row): row for row in each.rows} for each in (base, run))
    for key in {**before, **after}:
        old, now = before.get(key), after.get(key)
        yield Change(_kind(old, now, threshold), old, now)


def _key(row: Summary) -> tuple[str, str, str, str]:
    return row.check, row.model, row.parameter, row.oracle


def _kind(before: Summary | None, after: Summary | None, threshold: float) -> str:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    step = after.verdict.rank - before.verdict.rank
    if step:
        fixed = before.verdict.failing and after.verdict == Verdict.PASS
        return "fixed" if fixed else "better" if step > 0 else "worse"
    growth = _ratio(before.max_budgets, after.max_budgets)
    if growth > threshold and after.max_budgets > MATTERS:
        return "worse"
    return "better" if growth < 1 / threshold and before.max_budgets > MATTERS else "same"


def _ratio(before: float, after: float) -> float:
    if before == after:
        return 1.0
    return after / before if before else math.inf


def _rank(change: Change) -> tuple[bool, int, int, float]:
    """Sorts regressions first, then kinds in their order, failing and large errors first."""
    row = change.row
    size = 0.0 if math.isnan(row.max_budgets) else row.max_budgets
    kind = list(KINDS).index(change.kind)
    return not change.regressed, kind, row.verdict.rank, -size


def _fails(count: int) -> str:
    return "fails" if count == 1 else "fail"


def comparison_headline(comparison: Comparison) -> str:
    """The comparison in one sentence."""
    if comparison.is_worse:
        models = len(comparison.failures)
        grouped = by_gradient(comparison.regressions)
        new = sum(group.worst.kind == "new" for group in grouped)
        worse = len(grouped) - new
        said = [f"{grouping.plural(worse, 'gradient')} got worse"] if worse else []
        said += [f"{grouping.plural(new, 'new gradient')} {_fails(new)}"] if new else []
        said += [f"{grouping.plural(models, 'model')} newly failed"] if models else []
        shared = sum(change.is_new for change in comparison.shared)
        said += [f"{grouping.plural(shared, 'new systematic error')}"] if shared else []
        return ", ".join(said)
    counts = comparison.gradient_counts
    good = [f"{counts[kind]:,} {kind}" for kind in ("fixed", "better") if counts[kind]]
    gone = len(comparison.shared)
    good += [f"{grouping.plural(gone, 'systematic error')} gone"] if gone else []
    return f"nothing got worse{'; ' + ', '.join(good) if good else ''}"
