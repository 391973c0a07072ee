"""One case: the answers of the subject and of the oracles become rows, a verdict and its cause.

Pure: whoever called the subject and the oracles hands over what came of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.contract import Answer, Outcome
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import OracleResults, Result
from .budget import Tolerance
from .case_report import CaseReport
from .cause import (
    ContractBroken,
    Declined,
    NoAnswer,
    WrongGradient,
    WrongLoss,
    WrongOutputs,
    WrongTrainingStep,
)
from .contract.breach_sentences import why_out_of_range
from .contract.breaches import breaches
from .imprecision.approximate import approximation
from .imprecision.lost_digits import lost_digits
from .judgement import Judgement
from .measurement import measure
from .nonfinite import OutOfRange, large_numbers
from .oracle_disagreement import Disagreement, disagreement
from .row import farthest_off
from .steps import first_wrong_steps
from .training_step import training_rows
from .verdict import Reason, Verdict


@np.errstate(over="ignore", invalid="ignore")  # the truth may be out of range itself
def judge(
    case: AnyCase, answer: Answer, results: OracleResults, tolerance: Tolerance, subject: str
) -> CaseReport:
    """The report of one case: structure, then value, then derivative, then arithmetic.

    What is expensive (do the oracles contradict each other, is it float32 inside) is asked only
    after a failure.

    Args:
        answer: what came of calling the subject.
        results: oracle name to its result, or to the exception in its place; not read where the
            subject gave nothing to compare.
        tolerance: of every budget.
        subject: its name.
    """
    if (what := answer.no_subject) is not None:
        return CaseReport(Verdict.CONTRACT, case, subject, cause=what, outcome=answer.outcome)
    if answer.result is None:
        return _nothing_to_compare(case, answer, subject)
    judged = _judged(case, answer, answer.result, results, tolerance, subject)
    if judged.breaches.closing:
        return judged.broken(judged.breaches.closing, judged.first_breach)
    if judged.breaches.out_of_range is not None:
        return _out_of_range(judged, judged.breaches.out_of_range)
    if judged.over_budget:
        judged, contradiction = _without_contradicted(judged)
        if contradiction is not None:
            return _disagreeing(judged, contradiction)
    if judged.over_budget:
        return (
            lost_digits(judged)
            or _wrong_outputs(judged)
            or _wrong_loss(judged)
            or _wrong_gradient(judged)
        )
    return _not_linear(judged) or _wrong_training_step(judged) or _nothing_wrong(judged)


def _nothing_to_compare(case: AnyCase, answer: Answer, subject: str) -> CaseReport:
    """The report of a subject that declined, gave no answer, or one that cannot be read."""
    verdict, cause, parameter = Verdict.ERROR, NoAnswer(answer.text, answer.place), ""
    if answer.outcome is Outcome.DECLINED:
        verdict, cause = Verdict.UNSUPPORTED, Declined(answer.text)
    if answer.outcome is Outcome.ANSWERED:
        verdict, parameter = Verdict.CONTRACT, answer.breaches[0].parameter
        cause = ContractBroken(answer.breaches)
    return CaseReport(
        verdict, case, subject, cause=cause, parameter=parameter, outcome=answer.outcome
    )


def _judged(
    case: AnyCase,
    answer: Answer,
    result: Result,
    results: OracleResults,
    tolerance: Tolerance,
    subject: str,
) -> Judgement:
    """Budgets and rows of everything that can be compared, and what breaks the contract."""
    measurement = measure(case, result, results, tolerance)
    trusted = {n: r for n, r in results.items() if isinstance(r, Result)}
    broken = breaches(case, answer, measurement.plain, trusted, measurement.loss)
    return Judgement(case, subject, answer, result, measurement, broken, measurement.rows, trusted)


def _without_contradicted(judged: Judgement) -> tuple[Judgement, Disagreement | None]:
    """The same without the oracles that a proof contradicts, and two others that exclude each
    other.
    """
    while contradiction := disagreement(judged.trusted, judged.measurement.budgets):
        if not contradiction.proven:
            return judged, contradiction
        outvoted = contradiction.outvoted
        left = {n: r for n, r in judged.trusted.items() if n != outvoted}
        judged = replace(
            judged.rewritten(Verdict.INCONCLUSIVE, Reason.CONTRADICTED, oracle=outvoted),
            trusted=left,
        )
    return judged, None


def _disagreeing(judged: Judgement, contradiction: Disagreement) -> CaseReport:
    """The report of a case on which the oracles exclude each other."""
    undecided = judged.rewritten(
        Verdict.INCONCLUSIVE, Reason.ORACLES_DISAGREE, contradiction.parameter
    )
    return undecided.closed(Verdict.INCONCLUSIVE, contradiction)


def _wrong_outputs(judged: Judgement) -> CaseReport | None:
    """A report if outputs of a recurrence are others."""
    wrong = [r for r in judged.rows if r.verdict == Verdict.FAIL]
    outputs = [r for r in wrong if r.parameter in (judged.result.outputs or {})]
    if not outputs:
        return None
    names = tuple(dict.fromkeys(r.parameter for r in outputs))
    cause = WrongOutputs(
        names,
        first_wrong_steps(judged, names),
        right_gradients=len(outputs) == len(wrong),
        hints=judged.breaches.hints,
        approximation=approximation(judged),
    )
    return judged.closed(Verdict.FAIL, cause, farthest_off(outputs).parameter)


def _wrong_loss(judged: Judgement) -> CaseReport | None:
    """A report if the forward, or the loss, is not the model's."""
    if not judged.wrong_loss:
        return None
    cause = WrongLoss(
        got=judged.result.loss,
        expected=judged.measurement.loss,
        budget=judged.measurement.plain.of_loss(),
        right_gradients=all(r.verdict != Verdict.FAIL for r in judged.rows),
        hints=judged.breaches.hints,
        approximation=approximation(judged) if judged.trusted else 0.0,
    )
    return judged.closed(Verdict.FAIL, cause, "loss")


def _wrong_gradient(judged: Judgement) -> CaseReport:
    """The report of a right forward with a wrong backward."""
    cause = WrongGradient(_wrong_steps(judged), judged.breaches.hints, approximation(judged))
    return judged.closed(Verdict.FAIL, cause, judged.worst_parameter(Verdict.FAIL))


def _wrong_steps(judged: Judgement) -> tuple[int, ...]:
    """Steps at which some oracle finds an entry of the gradient of `x` over budget."""
    steps: set[int] = set()
    if isinstance(judged.case, RecurrenceCase):
        return ()
    for name, of_oracle in judged.differences.items():
        if "x" in of_oracle and not of_oracle["x"].directions:
            over = of_oracle["x"].error > judged.measurement.budgets[name].of("x")
            steps |= set(np.flatnonzero(over.any(axis=(1, 2))).tolist())
    return tuple(sorted(steps))


def _not_linear(judged: Judgement) -> CaseReport | None:
    """A report if something is not linear in the cotangents, though right in this case."""
    linear = judged.breaches.linear
    if not linear:
        return None
    return judged.broken(linear, linear[0].names[0])


def _out_of_range(judged: Judgement, beyond: OutOfRange) -> CaseReport:
    """The report of a case that the dtype cannot hold, of which something came out not finite.

    What came out finite may have met that on its way: at NaN relu has the slope 0. Only what is
    right in spite of it is told as such.
    """
    why = why_out_of_range(beyond)
    rows = (
        r.because(Verdict.INCONCLUSIVE, Reason.OUT_OF_RANGE, why)
        if r.parameter in beyond.names or r.verdict == Verdict.FAIL
        else r
        for r in judged.rows
    )
    judged = replace(judged, rows=tuple(rows))
    return judged.closed(Verdict.INCONCLUSIVE, beyond, beyond.names[0])


def _wrong_training_step(judged: Judgement) -> CaseReport | None:
    """A report if `clip`, `clip_by_value` or `update` raised or is wrong."""
    training = judged.answer.training
    if training.error:
        return judged.closed(Verdict.ERROR, NoAnswer(training.error))
    rows = training_rows(training.answers, judged.case.dtype)
    wrong = [r for r in rows if r.verdict == Verdict.FAIL]
    if not wrong:
        return None
    judged = replace(judged, rows=(*judged.rows, *rows))
    return judged.closed(Verdict.FAIL, WrongTrainingStep(wrong[0]), wrong[0].parameter)


def _nothing_wrong(judged: Judgement) -> CaseReport:
    """The report of a case on which everything is within budget."""
    rows = (*judged.rows, *training_rows(judged.answer.training.answers, judged.case.dtype))
    judged = replace(judged, rows=rows)
    if any(r.verdict == Verdict.PASS for r in rows):
        return judged.closed(Verdict.PASS, None)
    overflow = any(r.reason_kind is Reason.OVERFLOW for r in rows)
    return judged.closed(Verdict.INCONCLUSIVE, large_numbers(judged.case) if overflow else None)
