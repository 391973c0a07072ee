"""One case or a chunk of them: call the subject, ask the oracles, hand all to the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.contract import Answer, FollowUp, Outcome, repeats
from ..cases.follow_up import FollowUpCall, FollowUpKind, calls_in_turn, every_call, follow_up_case
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import (
    Differentiator,
    OracleResult,
    OracleResults,
    Result,
    name_of,
    outcome_of,
)
from ..cases.timing.stage_clock import Stage, timed, timed_each
from ..cases.training import TrainingAnswers
from ..errors import LeftAlone
from ..subjects.calling import call, call_once
from ..subjects.origin import origin_of
from ..subjects.raised import explained
from ..subjects.remote import Calls
from ..subjects.training import LostCalls, TrainingCalls, call_training_step
from ..verdicts.budget import Tolerance
from ..verdicts.case_report import CaseReport
from ..verdicts.follow_ups import JudgedCall, judge_follow_ups
from ..verdicts.judge import judge
from .own_arrays import in_own_arrays
from .recurrences.wider import told_by_size, told_from_formula


@dataclass(frozen=True)
class Setup:
    """Against what and how strictly a subject is checked.

    Args:
        oracles: what to ask.
        tolerance: of every budget.
        timeout: seconds for one call of the subject.
        one_oracle: whether one oracle will do, the quickest that has a result for a case.
        thorough: whether a failure is shrunk for as long as it takes, and diagnosed, and whether
            there are Taylor tests.
        lost: calls of `clip` and the like that did not come back; is added to.
    """

    oracles: tuple[Any, ...]
    tolerance: Tolerance = field(default_factory=Tolerance)
    timeout: float | None = None
    one_oracle: bool = False
    thorough: bool = True
    lost: LostCalls = field(default_factory=LostCalls, compare=False)


def check_case(
    subject: Differentiator, case: AnyCase, setup: Setup, calls: Calls | None = None
) -> CaseReport:
    """Check a subject on one case, with every further call or with those of `calls`."""
    asked = every_call(case) if calls is None else calls
    (report,) = check_cases(subject, [case], setup, lambda *_: asked)
    return report


def check_cases(
    subject: Differentiator,
    cases: Sequence[AnyCase],
    setup: Setup,
    calls: Callable[[int, AnyCase], Calls] = calls_in_turn,
) -> Iterable[CaseReport]:
    """Check a subject on a chunk of cases; where it gave no result, no oracle is asked.

    Args:
        subject: the subject.
        cases: the cases.
        setup: against what, and how strictly.
        calls: what is asked after the first two calls, by the place of a case among `cases`.
    """
    with timed(Stage.SUBJECT):
        answers = [call(subject, c, setup.timeout, calls(n, c)) for n, c in enumerate(cases)]
    answered = [c for c, a in zip(cases, answers, strict=True) if a.result is not None]
    results = oracle_results(setup, answered)
    for case, answer in zip(cases, answers, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # the truth may be out of range itself
            of_oracles = {} if answer.result is None else next(results)
            with timed(Stage.SUBJECT):
                answer = replace(answer, training=training_answers(subject, case, answer, setup))
        with timed(Stage.JUDGING):
            report = judge(case, answer, of_oracles, setup.tolerance, name_of(subject))
            if not report.passed and (late := results_after_all(setup.oracles, case, of_oracles)):
                of_oracles = {**of_oracles, **late}
                report = judge(case, answer, of_oracles, setup.tolerance, name_of(subject))
            report = told_from_formula(
                report, lambda c: call_once(subject, c, setup.timeout).result
            )
            report = replace(report, asked=answer.asked)
            further = judged_calls(case, answer.follow_ups, of_oracles, setup.oracles)
            report = judge_follow_ups(report, further, setup.tolerance, told_by_size)
        yield report


def explainable(subject: Differentiator, report: CaseReport) -> CaseReport:
    """A report with what its message needs: how to get the subject, and the names that it has.

    Looked for only where a message is told: it takes longer than to judge a small case.
    """
    declared = 0.0 if report.evidence is None else report.evidence.plain.tolerance.accuracy
    origin = replace(origin_of(subject), accuracy=declared)
    return in_own_arrays(subject, replace(report, origin=origin))


def check_again(
    subject: Differentiator, report: CaseReport, setup: Setup, after: int
) -> CaseReport:
    """The report of a case with that of one more call, `after` so many other cases."""
    answer, evidence = call_once(subject, report.case, setup.timeout), report.evidence
    asked = answer.outcome not in (Outcome.NOT_CALLED, Outcome.DECLINED)
    if evidence is None or not asked or repeats(evidence.result, answer, None):
        return report
    again = FollowUp(FollowUpCall(FollowUpKind.AT_THE_END), answer, after)
    calls = judged_calls(report.case, [again], evidence.trusted, setup.oracles)
    return judge_follow_ups(report, calls, setup.tolerance, told_by_size)


def judged_calls(
    case: AnyCase, follow_ups: Iterable[FollowUp], results: OracleResults, oracles: Sequence[Any]
) -> Iterator[JudgedCall]:
    """Further calls with what oracles say: those of the case, or for other arrays the quickest that
    has a result.
    """
    for follow_up in follow_ups:
        other = follow_up_case(case, follow_up.call)
        if follow_up.call.kind.same_case or other is None:
            yield JudgedCall(follow_up, case, results)
        elif follow_up.answer.result is None:
            yield JudgedCall(follow_up, other, {})
        else:
            yield JudgedCall(follow_up, other, quickest_result(oracles, other))


QUICKEST = ("reference", "torch", "jax", "certified", "complex_step", "finite_difference")
"""Oracles by what one case costs them, the cheapest first; others come after them."""


def quickest_result(oracles: Sequence[Any], case: AnyCase) -> OracleResults:
    """The result of the quickest oracle that has one; empty if none has."""
    ranks = {name: rank for rank, name in enumerate(QUICKEST)}
    for oracle in sorted(oracles, key=lambda o: ranks.get(o.name, len(ranks))):
        with timed(Stage.ORACLE, oracle.name):
            (result,) = trusted_results(oracle, [case])
        if isinstance(result, Result):
            return {oracle.name: result}
    return {}


def oracle_results(setup: Setup, cases: Sequence[AnyCase]) -> Iterator[OracleResults]:
    """The results of all oracles on each case, or of the quickest."""
    if setup.one_oracle:
        yield from (quickest_result(setup.oracles, case) for case in cases)
        return
    names = [oracle.name for oracle in setup.oracles]
    columns = [
        timed_each(Stage.ORACLE, oracle.name, trusted_results(oracle, cases))
        for oracle in setup.oracles
    ]
    for _ in cases:
        yield dict(zip(names, map(next, columns), strict=True))


@np.errstate(over="ignore", invalid="ignore")
def results_after_all(
    oracles: Sequence[Any], case: AnyCase, results: OracleResults
) -> OracleResults:
    """The results of the oracles that left a case alone among others, but have one for it alone."""
    late: dict[str, Result] = {}
    for oracle in oracles:
        if isinstance(results.get(oracle.name), LeftAlone):
            with timed(Stage.ORACLE, oracle.name):
                result = outcome_of(oracle, case)
            late |= {oracle.name: result} if isinstance(result, Result) else {}
    return late


def trusted_results(
    oracle: Callable[[Any], Any], cases: Sequence[AnyCase]
) -> Iterator[OracleResult]:
    """The results of an oracle: all at once if it has a method `many`, else one by one.

    Where it raised, the exception takes the place of the result.
    """
    many = getattr(oracle, "many", None)
    if many is not None:
        yield from many(cases)
        return
    for case in cases:
        yield outcome_of(oracle, case)


def training_answers(
    subject: Differentiator, case: AnyCase, answer: Answer, setup: Setup
) -> TrainingAnswers:
    """What `clip`, `clip_by_value` and `update` of a subject make of its gradients; nothing where
    these cannot be taken as they are.
    """
    if answer.result is None or answer.breaches or isinstance(case, RecurrenceCase):
        return TrainingAnswers()
    calls = TrainingCalls(subject, setup.timeout, setup.lost)
    try:
        return TrainingAnswers(tuple(call_training_step(calls, case, answer.result.grads)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a subject cannot end the run
        return TrainingAnswers(error=explained(error))
