"""One case or a chunk of them: call the subject, ask the oracles, hand all to the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.contract import Answer, TrainingAnswers
from ..cases.result import Differentiator, OracleResult, OracleResults, address_of, name_of
from ..subjects.calling import call, explained
from ..subjects.training import call_training_step
from ..verdicts.budget import Tolerance
from ..verdicts.case_report import CaseReport
from ..verdicts.judge import judge


@dataclass(frozen=True)
class Setup:
    """Against what and how strictly a subject is checked."""

    oracles: tuple[Any, ...]
    tolerance: Tolerance = field(default_factory=Tolerance)
    timeout: float | None = None


def check_case(subject: Differentiator, case: Case, setup: Setup) -> CaseReport:
    """Check a subject on one case."""
    (report,) = check_cases(subject, [case], setup)
    return report


def check_cases(
    subject: Differentiator, cases: Sequence[Case], setup: Setup
) -> Iterable[CaseReport]:
    """Check a subject on a chunk of cases; where it gave no result, no oracle is asked."""
    answers = [call(subject, c, setup.timeout, probe=n == 0) for n, c in enumerate(cases)]
    answered = [c for c, a in zip(cases, answers, strict=True) if a.result is not None]
    results = oracle_results(setup.oracles, answered)
    for case, answer in zip(cases, answers, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # the truth may be out of range itself
            of_oracles = {} if answer.result is None else next(results)
            answer = replace(answer, training=training_answers(subject, case, answer))
        report = judge(case, answer, of_oracles, setup.tolerance, name_of(subject))
        yield replace(report, address=address_of(subject))


def oracle_results(oracles: Sequence[Any], cases: Sequence[Case]) -> Iterator[OracleResults]:
    """The results of all oracles on each case."""
    names = [oracle.name for oracle in oracles]
    columns = [trusted_results(oracle, cases) for oracle in oracles]
    for _ in cases:
        yield dict(zip(names, map(next, columns), strict=True))


def trusted_results(oracle: Callable[[Case], Any], cases: Sequence[Case]) -> Iterator[OracleResult]:
    """The results of an oracle: all at once if it has a method `many`, else one by one.

    Where it raised, the exception takes the place of the result.
    """
    many = getattr(oracle, "many", None)
    if many is not None:
        yield from many(cases)
        return
    for case in cases:
        try:
            yield oracle(case)
        except Exception as error:  # shown with its reason in the oracle's rows
            yield error


def training_answers(subject: Differentiator, case: Case, answer: Answer) -> TrainingAnswers:
    """What `clip`, `clip_by_value` and `update` of a subject make of its gradients; nothing where
    these cannot be taken as they are.
    """
    if answer.result is None or answer.breaches:
        return TrainingAnswers()
    try:
        return TrainingAnswers(tuple(call_training_step(subject, case, answer.result.grads)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a subject cannot end the run
        return TrainingAnswers(error=explained(error))
