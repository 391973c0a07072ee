"""On which case each mutant is caught, by which oracle alone and by the whole harness.

Cases go round: the first of every target, then the second of every target, and so on, so that the
number of a case is what a run with that many cases per target would have needed.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..api import load_oracles
from ..cases.case import Case, Spec
from ..cases.design.design import Design
from ..cases.result import Differentiator
from ..cases.targets import Target
from ..mutation import Mutant, observed
from ..verdicts.case_report import CaseReport
from ..verdicts.verdict import Verdict
from .memoised_oracles import CaseWithOracles
from .records import HARNESS

IN_FULL = 2
"""Cases of each target on which every mutant is judged as a run would, contract and all."""


@dataclass
class Detection:
    """What caught one mutant, as far as cases have shown.

    Args:
        first: name of an oracle, or `HARNESS`, to the number of the first case, from 1, on which
            it alone was enough; missing if none was.
        verdict: that of the harness on the first case that it failed; None if there is none.
        target: name of the target of that case.
        untruncated: a target without truncation on which the harness caught it, for checkers that
            cannot be asked about truncation; empty if there is none.
        able: oracles that could judge a case of it.
        cases: how many cases it was judged on.
    """

    first: dict[str, int] = field(default_factory=dict)
    verdict: Verdict | None = None
    target: str = ""
    untruncated: str = ""
    able: set[str] = field(default_factory=set)
    cases: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether more cases could not add anything."""
        without_rows = self.verdict in (Verdict.ERROR, Verdict.CONTRACT)
        return HARNESS in self.first and (without_rows or self.able <= set(self.first))

    def add_case(self, report: CaseReport, number: int, target: Target) -> None:
        """Take in one case."""
        self.cases += 1
        wrong = (Verdict.FAIL, Verdict.IMPRECISE)
        caught_by = {r.oracle for r in report.rows if r.verdict in wrong}
        if report.verdict.failing:
            caught_by.add(HARNESS)
            self.verdict = self.verdict or report.verdict
            self.target = self.target or target.name
            self.untruncated = self.untruncated or ("" if target.truncated else target.name)
        for name in caught_by:
            self.first.setdefault(name, number)

    def merge(self, other: Detection) -> Detection:
        """This and what other targets or later cases found, as if it had been one run."""
        numbers = [c.first.get(HARNESS, 10**9) for c in (self, other)]
        early, late = (self, other) if numbers[0] <= numbers[1] else (other, self)
        both = set(self.first) | set(other.first)
        return Detection(
            {n: min(c.first[n] for c in (self, other) if n in c.first) for n in both},
            early.verdict or late.verdict,
            early.target or late.target,
            early.untruncated or late.untruncated,
            self.able | other.able,
            self.cases + other.cases,
        )


def detect(
    mutants: Sequence[Mutant],
    targets: Sequence[Target],
    numbers: Iterable[int],
    reach: Callable[[Target, Mutant], bool],
    before: dict[str, Detection] | None = None,
    oracles: Sequence[str] | None = None,
    unedited: Differentiator | None = None,
) -> dict[str, Detection]:
    """Judge mutants on cases of targets until nothing more can be learnt.

    Args:
        mutants: to judge.
        targets: whose cases to draw.
        numbers: of the cases, from 1.
        reach: whether the cases of a target execute what the mutant changes.
        before: what earlier cases found, by name; those are added to.
        oracles: names; None is every installed one.
        unedited: the right subject. After the first `IN_FULL` cases, an answer that is its own to
            the last bit is not judged again.
    """
    trusted = load_oracles(oracles)
    known = before or {}
    detections = {m.name: copy.deepcopy(known.get(m.name, Detection())) for m in mutants}
    for number in numbers:
        in_full = unedited is None or number <= IN_FULL
        for target in targets:
            unsettled = [m for m in mutants if not detections[m.name].is_complete]
            reached = [m for m in unsettled if reach(target, m)]
            if not reached:
                continue
            case = CaseWithOracles(case_of(target, number), trusted, unedited)
            for mutant in reached:
                _judge_on(case, mutant, detections[mutant.name], (number, target), in_full)
    return detections


def _judge_on(
    case: CaseWithOracles,
    mutant: Mutant,
    detection: Detection,
    place: tuple[int, Target],
    in_full: bool,
) -> None:
    """Judge one mutant on one case; adds to its detection."""
    try:
        subject = mutant_subject(mutant)
    except Exception as error:
        detection.add_case(case.error_report(error), *place)
        return
    if not in_full and case.is_unedited(subject):
        detection.cases += 1
        return
    if not case.is_informative:
        return
    detection.able |= case.able
    detection.add_case(case.judge(subject), *place)


@functools.lru_cache(maxsize=2048)
def mutant_subject(mutant: Mutant) -> Differentiator:
    """The subject of a mutant, made once in a process."""
    return mutant.subject()


def case_of(target: Target, number: int) -> Case:
    """The case of a target that a run of the default seed meets at a place, counted from 1."""
    return specs_of(target)[number - 1].build()


@functools.lru_cache(maxsize=256)
def specs_of(target: Target, cases: int = 100, seed: int = 0) -> list[Spec]:
    """The cases of a target in a run with the default number of cases."""
    return list(Design(target, seed=seed).specs(cases))


def reaching(subject: str) -> Callable[[Target, Mutant], bool]:
    """Whether the cases of a target execute the function that a mutant changes, as observed."""
    targets, seen = observed(subject)
    run: dict[str, Any] = {
        t.name: functions for t, functions in zip(targets, seen.run, strict=True)
    }
    return lambda target, mutant: mutant.where in run[target.name]
