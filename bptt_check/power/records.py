"""What a power study leaves behind: plain frozen records; tables and page are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..verdicts.verdict import Verdict

SCHEMA_VERSION = 1
HARNESS = "harness"
"""The name under which the whole verdict stands beside the oracles."""


@dataclass(frozen=True)
class Fate:
    """What became of one mutant.

    Args:
        name, function, operator, line, before, after, equations: of the mutant.
        outcome: `caught`, `equivalent` (shown to be the same formula) or `missed`.
        verdict: that of the harness on the first case that caught it, `error` for one that does
            not run; empty if none did.
        target: name of the target of that case.
        first: name of an oracle, or `HARNESS`, to the number of the first case on which it alone
            was enough; missing if none was.
        able: oracles that could judge its cases.
        cases: how many cases it was judged on.
        others: set-up and name of another library's check to `caught`, `passed`, `not asked` (it
            knows no truncation) or `false alarm` (it also rejects the right code there).
        shown: how the equivalence is shown, or what distinguishes a missed one.
    """

    name: str
    function: str
    operator: str
    line: int
    before: str
    after: str
    equations: tuple[str, ...]
    outcome: str
    verdict: str = ""
    target: str = ""
    first: dict[str, int] = field(default_factory=dict)
    able: tuple[str, ...] = ()
    cases: int = 0
    others: dict[str, str] = field(default_factory=dict)
    shown: str = ""


@dataclass(frozen=True)
class Alarm:
    """A right implementation that was not passed: the line that shows it again, what was said."""

    subject: str
    verdict: Verdict
    spec: str
    message: str


@dataclass(frozen=True)
class Quiet:
    """What some cases said of the right implementations.

    `checks` counts rows that decided something (one gradient of one case against one oracle), by
    subject and dtype; `cases` counts cases by verdict.
    """

    checks: dict[str, int] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()

    @property
    def total(self) -> int:
        """All checks."""
        return sum(self.checks.values())

    def merge(self, other: Quiet) -> Quiet:
        """Both together."""
        return Quiet(
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
        fates: of every mutant; empty if they were not asked about.
        quiet: the right implementations; None if they were not asked about.
        right: set-up and name of another library's check to how many instances of the right code it
            rejected, and of how many.
        seconds: stage to its time.
        schema_version, environment, command: as in a run.
    """

    subject: str
    oracles: tuple[str, ...]
    cases: int
    fates: tuple[Fate, ...] = ()
    quiet: Quiet | None = None
    right: dict[str, tuple[int, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    environment: dict[str, str] = field(default_factory=dict)
    command: str = ""

    @property
    def missed(self) -> tuple[Fate, ...]:
        """Wrong mutants that nothing caught."""
        return tuple(f for f in self.fates if f.outcome == "missed")

    @property
    def passed(self) -> bool:
        """Whether no wrong mutant was missed and no right implementation alarmed at."""
        return not self.missed and not (self.quiet and self.quiet.alarms)

    def count(self, outcome: str) -> int:
        """Mutants of an outcome."""
        return sum(f.outcome == outcome for f in self.fates)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    names = dict.fromkeys([*one, *other])
    return {n: one.get(n, 0) + other.get(n, 0) for n in names}
