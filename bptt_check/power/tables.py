"""The numbers of a study as rows, and its facts in words, for the terminal and the page alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .other_checkers import CHECKS, SETUPS, checker_name
from .records import (
    HARNESS,
    CheckerResult,
    FormulaComparison,
    FormulaGap,
    GapKind,
    MutantOutcome,
    OutcomeKind,
    Power,
)


@dataclass(frozen=True)
class MutantCounts:
    """Of some mutants: how many there are, are wrong, and by what they are caught.

    Args:
        name: what they have in common.
        mutants: all of them.
        equivalent: those that are the same formula.
        stopped: those that raise or do not end.
        caught: by the harness.
        missed: by the harness.
        alone: oracle to those whose gradients it alone finds wrong, of those it could judge.
    """

    name: str
    mutants: int
    equivalent: int
    stopped: int
    caught: int
    missed: int
    alone: dict[str, tuple[int, int]]


def count_outcomes(
    name: str, outcomes: Iterable[MutantOutcome], oracles: Iterable[str]
) -> MutantCounts:
    """The counts of some mutants, under a name."""
    all_outcomes = list(outcomes)
    kinds = Counter(o.kind for o in all_outcomes)
    wrong = [o for o in all_outcomes if o.is_wrong]
    running = [o for o in wrong if o.runs]
    return MutantCounts(
        name=name,
        mutants=len(all_outcomes),
        equivalent=kinds[OutcomeKind.EQUIVALENT],
        stopped=len(wrong) - len(running),
        caught=kinds[OutcomeKind.CAUGHT],
        missed=kinds[OutcomeKind.MISSED],
        alone={o: _caught_alone(running, o) for o in oracles},
    )


def _caught_alone(outcomes: Iterable[MutantOutcome], oracle: str) -> tuple[int, int]:
    """How many are found wrong by the rows of one oracle, of how many that it could judge."""
    judged = [o for o in outcomes if oracle in o.able]
    return sum(oracle in o.first for o in judged), len(judged)


def _by(power: Power, key: Callable[[MutantOutcome], str]) -> list[MutantCounts]:
    """The counts for each value of a key, and those of all."""
    groups: dict[str, list[MutantOutcome]] = {}
    for outcome in power.outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    counts = [count_outcomes(name, group, power.oracles) for name, group in groups.items()]
    return [*counts, count_outcomes("all", power.outcomes, power.oracles)]


def by_function(power: Power) -> list[MutantCounts]:
    """The counts for each edited function, and those of all."""
    return _by(power, lambda outcome: outcome.function.partition(".")[2])


def by_operator(power: Power) -> list[MutantCounts]:
    """The counts for each kind of edit, and those of all."""
    return _by(power, lambda outcome: outcome.operator)


CASES = (1, 2, 3, 5, 10, 20, 50, 100)


def caught_within(power: Power, name: str) -> list[tuple[int, int]]:
    """Number of cases per target, and how many mutants an oracle (or the harness) catches in so
    many.
    """
    first = [o.first[name] for o in power.outcomes if name in o.first]
    return [(n, sum(number <= n for number in first)) for n in CASES if n <= power.cases]


def detectors(power: Power) -> list[str]:
    """The harness and every oracle."""
    return [HARNESS, *power.oracles]


@dataclass(frozen=True)
class CheckerScore:
    """What another library's check says in one set-up, beside the harness on the same mutants.

    Args:
        check, setup: which.
        caught, passed: of the wrong mutants that run.
        not_asked: those that only a truncation shows, which the check knows nothing of.
        false_alarm: those on whose instances it rejects the right code as well.
        rejected_right: instances of the right code that it rejects, of how many.
    """

    check: str
    setup: str
    caught: int
    passed: int
    not_asked: int
    false_alarm: int
    rejected_right: tuple[int, int]

    @property
    def share(self) -> float:
        """Caught, of all wrong mutants that run."""
        total = self.caught + self.passed + self.not_asked + self.false_alarm
        return self.caught / total if total else 0.0


def checker_scores(power: Power) -> list[CheckerScore]:
    """Every check in every set-up that was asked, on the wrong mutants that run."""
    running = [o for o in power.outcomes if o.is_wrong and o.runs]
    scores = [_checker_score(power, running, s, c) for s in SETUPS for c in CHECKS]
    return [score for score in scores if score is not None]


def _checker_score(
    power: Power, running: Iterable[MutantOutcome], setup: str, check: str
) -> CheckerScore | None:
    """None if the check was asked about none of the mutants."""
    name = checker_name(setup, check)
    results = Counter(o.others[name] for o in running if name in o.others)
    if not results:
        return None
    return CheckerScore(
        check=check,
        setup=setup,
        caught=results[CheckerResult.CAUGHT],
        passed=results[CheckerResult.PASSED],
        not_asked=results[CheckerResult.NOT_ASKED],
        false_alarm=results[CheckerResult.FALSE_ALARM],
        rejected_right=power.rejected_right.get(name, (0, 0)),
    )


def same_formula_text(comparison: FormulaComparison | None) -> str:
    """How a mutant is known to be the same formula, or what distinguishes it; empty for None."""
    if comparison is None:
        return ""
    if comparison.gap is not None:
        return f"{_gap_text(comparison.gap)} of {comparison.gap.spec}"
    cases = f"on {comparison.exact_cases} cases"
    text = f"equal to {comparison.digits} digits in exact arithmetic {cases}"
    if comparison.same_bits_cases:
        text += f", to the last bit on {comparison.same_bits_cases} where that cannot run"
    return text


def _gap_text(gap: FormulaGap) -> str:
    texts = {
        GapKind.ORIGINAL_CANNOT_RUN: f"in exact arithmetic, the original {gap.reason}",
        GapKind.EDIT_CANNOT_RUN: f"in exact arithmetic, the edit {gap.reason}",
        GapKind.LOSS: f"another loss: {gap.losses[0]} for {gap.losses[1]}",
        GapKind.GRADIENT: f"another gradient of {gap.gradient}",
    }
    return texts[gap.kind]
