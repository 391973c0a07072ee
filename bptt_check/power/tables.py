"""The numbers of a study as rows, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..verdicts.verdict import Verdict
from .other_checkers import CHECKS, SETUPS
from .records import HARNESS, Fate, Power


@dataclass(frozen=True)
class Line:
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


def line(name: str, fates: Iterable[Fate], oracles: Iterable[str]) -> Line:
    """The line of some mutants."""
    found = list(fates)
    wrong = [f for f in found if f.outcome != "equivalent"]
    running = [f for f in wrong if f.verdict != Verdict.ERROR]
    return Line(
        name=name,
        mutants=len(found),
        equivalent=len(found) - len(wrong),
        stopped=len(wrong) - len(running),
        caught=sum(f.outcome == "caught" for f in found),
        missed=sum(f.outcome == "missed" for f in found),
        alone={o: _alone(running, o) for o in oracles},
    )


def _alone(fates: Iterable[Fate], oracle: str) -> tuple[int, int]:
    """How many are found wrong by the rows of one oracle, of how many that it could judge."""
    judged = [f for f in fates if oracle in f.able]
    return sum(oracle in f.first for f in judged), len(judged)


def by(power: Power, key: Callable[[Fate], str]) -> list[Line]:
    """A line for each value of a key, and one for all."""
    names = dict.fromkeys(key(f) for f in power.fates)
    lines = [line(n, (f for f in power.fates if key(f) == n), power.oracles) for n in names]
    return [*lines, line("all", power.fates, power.oracles)]


def by_function(power: Power) -> list[Line]:
    """A line for each edited function."""
    return by(power, lambda fate: fate.function.partition(".")[2])


def by_operator(power: Power) -> list[Line]:
    """A line for each kind of edit."""
    return by(power, lambda fate: fate.operator)


CASES = (1, 2, 3, 5, 10, 20, 50, 100)


def within(power: Power, name: str) -> list[tuple[int, int]]:
    """Number of cases per target, and how many mutants an oracle (or the harness) catches in so
    many.
    """
    first = [f.first[name] for f in power.fates if name in f.first]
    return [(n, sum(number <= n for number in first)) for n in CASES if n <= power.cases]


def columns(power: Power) -> list[str]:
    """The harness and every oracle."""
    return [HARNESS, *power.oracles]


@dataclass(frozen=True)
class Contest:
    """What another library's check says in one set-up, beside the harness on the same mutants.

    Args:
        check, setup: which.
        caught, passed: of the wrong mutants that run.
        not_asked: those that only a truncation shows, which the check knows nothing of.
        blind: those on whose instances it rejects the right code as well.
        rejected: instances of the right code that it rejects, of how many.
    """

    check: str
    setup: str
    caught: int
    passed: int
    not_asked: int
    blind: int
    rejected: tuple[int, int]

    @property
    def share(self) -> float:
        """Caught, of all wrong mutants that run."""
        total = self.caught + self.passed + self.not_asked + self.blind
        return self.caught / total if total else 0.0


def contests(power: Power) -> list[Contest]:
    """Every check in every set-up, on the wrong mutants that run."""
    running = [f for f in power.fates if f.outcome != "equivalent" and f.verdict != Verdict.ERROR]
    found: list[Contest] = []
    for setup in SETUPS:
        for check in CHECKS:
            said = [f.others.get(f"{setup}: {check}", "") for f in running]
            if any(said):
                found.append(
                    Contest(
                        check=check,
                        setup=setup,
                        caught=said.count("caught"),
                        passed=said.count("passed"),
                        not_asked=said.count("not asked"),
                        blind=said.count("false alarm"),
                        rejected=power.right.get(f"{setup}: {check}", (0, 0)),
                    )
                )
    return found
