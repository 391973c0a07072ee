"""What a power study leaves behind: plain frozen records; tables and page are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..runs.records import LINES
from ..verdicts.verdict import Verdict

SCHEMA_VERSION = 2
"""Of `power.json`. Since 2: `outcomes`, `false_alarms`, `rejected_right` and `comparison`."""
HARNESS = "harness"
"""The name under which the whole verdict stands beside the oracles."""


class OutcomeKind(StrEnum):
    """What became of a mutant."""

    CAUGHT = "caught"
    EQUIVALENT = "equivalent"
    """It is the same formula as the original."""
    MISSED = "missed"


class CheckerResult(StrEnum):
    """What another library's check says of a mutant."""

    CAUGHT = "caught"
    PASSED = "passed"
    NOT_ASKED = "not asked"
    """The check knows no truncation, and only a truncation shows the mutant."""
    FALSE_ALARM = "false alarm"
    """It also rejects the right code there, so that its rejection tells nothing."""


class GapKind(StrEnum):
    """In what a mutant differs from the original in exact arithmetic."""

    ORIGINAL_CANNOT_RUN = "original cannot run"
    EDIT_CANNOT_RUN = "edit cannot run"
    LOSS = "loss"
    GRADIENT = "gradient"


@dataclass(frozen=True)
class FormulaGap:
    """The first difference between a mutant and the original on a case.

    Args:
        kind: what differs.
        reason: what stopped the one that cannot run.
        losses: of the mutant and of the original, where those differ.
        gradient: the input whose gradient differs.
        spec: of the case.
    """

    kind: GapKind
    reason: str = ""
    losses: tuple[str, str] = ("", "")
    gradient: str = ""
    spec: str = ""

    @property
    def is_undecided(self) -> bool:
        """Whether exact arithmetic could not run one of the two, so that it tells nothing."""
        return self.kind in (GapKind.ORIGINAL_CANNOT_RUN, GapKind.EDIT_CANNOT_RUN)


@dataclass(frozen=True)
class FormulaComparison:
    """A mutant beside the original.

    Args:
        gap: where they differ; None if nowhere, and they are the same formula.
        digits: to which they were compared in exact arithmetic.
        exact_cases: cases on which they agree to so many digits.
        same_bits_cases: cases that exact arithmetic cannot run, on which they agree to the last bit
            in floating point.
    """

    gap: FormulaGap | None = None
    digits: int = 0
    exact_cases: int = 0
    same_bits_cases: int = 0


@dataclass(frozen=True)
class MutantOutcome:
    """What became of one mutant.

    Args:
        name, function, operator, line, before, after, equations: of the mutant.
        kind: caught, shown to be the same formula, or missed.
        verdict: that of the harness on the first case that caught it, `error` for one that does
            not run; None if none did.
        target: name of the target of that case.
        first: name of an oracle, or `HARNESS`, to the number of the first case on which it alone
            was enough; missing if none was.
        able: oracles that could judge its cases.
        cases: how many cases it was judged on.
        others: set-up and name of another library's check to what that says.
        comparison: with the original, for one that nothing caught.
    """

    name: str
    function: str
    operator: str
    line: int
    before: str = field(metadata=LINES)
    after: str = field(metadata=LINES)
    equations: tuple[str, ...]
    kind: OutcomeKind
    verdict: Verdict | None = None
    target: str = ""
    first: dict[str, int] = field(default_factory=dict)
    able: tuple[str, ...] = ()
    cases: int = 0
    others: dict[str, CheckerResult] = field(default_factory=dict)
    comparison: FormulaComparison | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether it is another formula than the original."""
        return self.kind != OutcomeKind.EQUIVALENT

    @property
    def runs(self) -> bool:
        """Whether it returns something: it was not stopped by an error."""
        return self.verdict != Verdict.ERROR


@dataclass(frozen=True)
class FalseAlarm:
    """A right implementation that was not passed: the line that shows it again, what was said."""

    subject: str
    verdict: Verdict
    spec: str
    message: str = field(metadata=LINES)


@dataclass(frozen=True)
class FalseAlarms:
    """What some cases said of the right implementations.

    `checks` counts rows that decided something (one gradient of one case against one oracle), by
    subject and dtype; `cases` counts cases by verdict.
    """

    checks: dict[str, int] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    alarms: tuple[FalseAlarm, ...] = ()

    @property
    def total(self) -> int:
        """All checks."""
        return sum(self.checks.values())

    def merge(self, other: FalseAlarms) -> FalseAlarms:
        """Both together."""
        return FalseAlarms(
            _sum(self.checks, other.checks),
            _sum(self.cases, other.cases),
            self.alarms + other.alarms,
        )


@dataclass(frozen=True)
class Power:
    """A whole study.

    Args:
        subject: whose source was edited.
        oracles: names.
        cases: per target, at most.
        outcomes: of every mutant; empty if they were not asked about.
        false_alarms: at right implementations; None if they were not asked about.
        rejected_right: set-up and name of another library's check to how many instances of the
            right code it rejected, and of how many.
        seconds: stage to its time.
        schema_version, environment, command: as in a run.
    """

    subject: str
    oracles: tuple[str, ...]
    cases: int
    outcomes: tuple[MutantOutcome, ...] = ()
    false_alarms: FalseAlarms | None = None
    rejected_right: dict[str, tuple[int, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    environment: dict[str, str] = field(default_factory=dict)
    command: str = ""

    @property
    def missed(self) -> tuple[MutantOutcome, ...]:
        """Wrong mutants that nothing caught."""
        return tuple(o for o in self.outcomes if o.kind == OutcomeKind.MISSED)

    @property
    def passed(self) -> bool:
        """Whether no wrong mutant was missed and every right implementation was passed."""
        return not self.missed and not (self.false_alarms and self.false_alarms.alarms)

    def count(self, kind: OutcomeKind) -> int:
        """Mutants with an outcome of a kind."""
        return sum(o.kind == kind for o in self.outcomes)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    names = dict.fromkeys([*one, *other])
    return {n: one.get(n, 0) + other.get(n, 0) for n in names}
