"""One case: the answers of the subject and of the oracles become rows, a verdict and its cause.

Pure: whoever called the subject and the oracles hands over what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.case import Case
from ..cases.contract import Answer, Outcome
from ..cases.result import OracleResults, Result
from ..equations import low_precision
from ..equations.conditioning import Conditioning
from .budget import Tolerance
from .case_report import CaseReport, Evidence
from .cause import (
    Cause,
    ContractBroken,
    Declined,
    LossLostDigits,
    LostDigits,
    NoAnswer,
    OutOfRange,
    WrongGradient,
    WrongLoss,
    WrongTrainingStep,
)
from .contract_breaches import Breaches, breaches
from .difference import Difference
from .measurement import Measured, measured
from .oracle_disagreement import Disagreement, disagreement
from .row import Row, is_imprecise
from .training_step import training_rows
from .verdict import Verdict

CONTRADICTED = "contradicted by a proof; please report this case: it is a bug in this oracle"


@np.errstate(over="ignore", invalid="ignore")  # the truth may be out of range itself
def judge(
    case: Case, answer: Answer, results: OracleResults, tolerance: Tolerance, subject: str
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
    if answer.result is None:
        return _nothing_to_compare(case, answer, subject)
    judged = _judged(case, answer, answer.result, results, tolerance, subject)
    if judged.breaches.findings:
        return judged.broken(judged.breaches.findings, judged.first_breach)
    if judged.over_budget:
        judged, contradiction = _without_contradicted(judged)
        if contradiction is not None:
            return _disagreeing(judged, contradiction)
    if judged.over_budget:
        return _lost_digits(judged) or _wrong_loss(judged) or _wrong_gradient(judged)
    return (
        _not_linear(judged)
        or _out_of_range(judged)
        or _wrong_training_step(judged)
        or _nothing_wrong(judged)
    )


@dataclass(frozen=True, eq=False)
class _Judged:
    """What the stages share.

    Args:
        rows: as judged so far.
        trusted: the results of the oracles that no proof contradicts.
    """

    case: Case
    subject: str
    answer: Answer
    result: Result
    measured: Measured
    breaches: Breaches
    rows: tuple[Row, ...]
    trusted: Mapping[str, Result]

    @property
    def differences(self) -> Mapping[str, dict[str, Difference]]:
        """Those from every trusted oracle."""
        return {name: self.measured.differences[name] for name in self.trusted}

    @property
    def loss_error(self) -> float:
        """Distance of the subject's loss from the expected one; one that is not finite is judged
        as a breach.
        """
        loss = self.result.loss
        return abs(loss - self.measured.loss) if np.isfinite(loss) else 0.0

    @property
    def wrong_loss(self) -> bool:
        """Whether the loss is over budget."""
        return self.loss_error > self.measured.plain.of_loss()

    @property
    def over_budget(self) -> bool:
        """Whether the loss or a gradient is."""
        return self.wrong_loss or any(r.verdict == Verdict.FAIL for r in self.rows)

    @property
    def first_breach(self) -> str:
        """The gradient (or the loss, an input, ...) that breaks the contract first of all."""
        return self.answer.breaches[0].parameter if self.answer.breaches else "return value"

    def rewritten(self, verdict: Verdict, reason: str = "", oracle: str = "") -> _Judged:
        """With another verdict for the failed rows of one oracle, or of all."""
        rows = (
            replace(r, verdict=verdict, reason=reason)
            if r.verdict == Verdict.FAIL and oracle in ("", r.oracle)
            else r
            for r in self.rows
        )
        return replace(self, rows=tuple(rows))

    def worst_parameter(self, verdict: Verdict) -> str:
        """The gradient that is farthest off among the rows of a verdict."""
        rows = (r for r in self.rows if r.verdict == verdict)
        return max(rows, key=lambda r: r.max_budgets).parameter

    def broken(self, sentences: tuple[str, ...], parameter: str) -> CaseReport:
        """The report of a broken contract."""
        return self.closed(Verdict.CONTRACT, ContractBroken(sentences), parameter)

    def closed(self, verdict: Verdict, cause: Cause | None, parameter: str = "") -> CaseReport:
        """The report."""
        return CaseReport(
            verdict=verdict,
            case=self.case,
            subject=self.subject,
            rows=self.rows,
            cause=cause,
            parameter=parameter,
            loss=self.result.loss,
            expected_loss=self.measured.loss,
            evidence=Evidence(
                self.result, self.trusted, self.measured.budgets, self.measured.plain
            ),
            outcome=self.answer.outcome,
        )


def _nothing_to_compare(case: Case, answer: Answer, subject: str) -> CaseReport:
    """The report of a subject that declined, gave no answer, or one that cannot be read."""
    verdict, cause, parameter = Verdict.ERROR, NoAnswer(answer.text), ""
    if answer.outcome is Outcome.DECLINED:
        verdict, cause = Verdict.UNSUPPORTED, Declined(answer.text)
    if answer.outcome is Outcome.ANSWERED:
        verdict, parameter = Verdict.CONTRACT, answer.breaches[0].parameter
        cause = ContractBroken(tuple(b.message for b in answer.breaches))
    return CaseReport(
        verdict, case, subject, cause=cause, parameter=parameter, outcome=answer.outcome
    )


def _judged(
    case: Case,
    answer: Answer,
    result: Result,
    results: OracleResults,
    tolerance: Tolerance,
    subject: str,
) -> _Judged:
    """Budgets and rows of everything that can be compared, and what breaks the contract."""
    measure = measured(case, result, results, tolerance)
    trusted = {n: r for n, r in results.items() if isinstance(r, Result)}
    broken = breaches(case, answer, measure.plain, trusted, measure.loss)
    return _Judged(case, subject, answer, result, measure, broken, measure.rows, trusted)


def _without_contradicted(judged: _Judged) -> tuple[_Judged, Disagreement | None]:
    """The same without the oracles that a proof contradicts, and two others that exclude each
    other.
    """
    while contradiction := disagreement(judged.trusted, judged.measured.budgets):
        if not contradiction.proven:
            return judged, contradiction
        outvoted = contradiction.outvoted
        left = {n: r for n, r in judged.trusted.items() if n != outvoted}
        judged = replace(
            judged.rewritten(Verdict.INCONCLUSIVE, CONTRADICTED, outvoted), trusted=left
        )
    return judged, None


def _disagreeing(judged: _Judged, contradiction: Disagreement) -> CaseReport:
    """The report of a case on which the oracles exclude each other."""
    reason = f"the oracles disagree on {contradiction.parameter}"
    return judged.rewritten(Verdict.INCONCLUSIVE, reason).closed(
        Verdict.INCONCLUSIVE, contradiction
    )


def _lost_digits(judged: _Judged) -> CaseReport | None:
    """A report if an arithmetic that loses digits explains everything that is over budget."""
    for name, lower in low_precision.conditionings(judged.case, judged.result.grads):
        report = _lost_digits_in(judged, name, lower)
        if report is not None:
            return report
    return None


def _lost_digits_in(judged: _Judged, arithmetic: str, lower: Conditioning) -> CaseReport | None:
    plain, budgets = judged.measured.plain, judged.measured.budgets
    if judged.loss_error > plain.of_loss() + plain.tolerance.units * lower.loss_error():
        return None
    if not any(r.verdict == Verdict.FAIL for r in judged.rows):
        cause = LossLostDigits(arithmetic, judged.loss_error, judged.measured.loss)
        return judged.closed(Verdict.IMPRECISE, cause, "loss")
    sharp = min(judged.trusted, key=lambda name: _largest_bound(judged.trusted[name]))
    if not is_imprecise(judged.measured.differences[sharp], budgets[sharp], lower):
        return None
    judged = judged.rewritten(Verdict.IMPRECISE)
    return judged.closed(
        Verdict.IMPRECISE, LostDigits(arithmetic), judged.worst_parameter(Verdict.IMPRECISE)
    )


def _largest_bound(result: Result) -> float:
    """The largest error that an oracle says it may have, beyond rounding."""
    return max((float(b.max()) for b in (result.bounds or {}).values()), default=0.0)


def _wrong_loss(judged: _Judged) -> CaseReport | None:
    """A report if the forward, or the loss, is not the model's."""
    if not judged.wrong_loss:
        return None
    cause = WrongLoss(
        got=judged.result.loss,
        expected=judged.measured.loss,
        budget=judged.measured.plain.of_loss(),
        right_gradients=all(r.verdict != Verdict.FAIL for r in judged.rows),
        hints=tuple(judged.breaches.hints),
    )
    return judged.closed(Verdict.FAIL, cause, "loss")


def _wrong_gradient(judged: _Judged) -> CaseReport:
    """The report of a right forward with a wrong backward."""
    cause = WrongGradient(_wrong_steps(judged), tuple(judged.breaches.hints))
    return judged.closed(Verdict.FAIL, cause, judged.worst_parameter(Verdict.FAIL))


def _wrong_steps(judged: _Judged) -> tuple[int, ...]:
    """Steps at which some oracle finds the gradient of `x` over budget."""
    steps: set[int] = set()
    for name, of_oracle in judged.differences.items():
        if "x" in of_oracle:
            over = of_oracle["x"].error > judged.measured.budgets[name].of("x")
            steps |= set(np.flatnonzero(over.any(axis=(1, 2))).tolist())
    return tuple(sorted(steps))


def _not_linear(judged: _Judged) -> CaseReport | None:
    """A report if something is not linear in the cotangents, though right in this case."""
    linear = judged.breaches.linear
    if not linear:
        return None
    return judged.broken(tuple(f.message for f in linear), linear[0].parameter)


def _out_of_range(judged: _Judged) -> CaseReport | None:
    """A report if nothing is wrong but what cannot be a number of this dtype."""
    beyond = judged.breaches.beyond
    if not beyond:
        return None
    rows = (
        replace(r, verdict=Verdict.INCONCLUSIVE, reason=beyond[r.parameter])
        if r.parameter in beyond
        else r
        for r in judged.rows
    )
    judged = replace(judged, rows=tuple(rows))
    return judged.closed(Verdict.INCONCLUSIVE, OutOfRange(beyond), next(iter(beyond)))


def _wrong_training_step(judged: _Judged) -> CaseReport | None:
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


def _nothing_wrong(judged: _Judged) -> CaseReport:
    """The report of a case on which everything is within budget."""
    rows = (*judged.rows, *training_rows(judged.answer.training.answers, judged.case.dtype))
    decided = any(r.verdict == Verdict.PASS for r in rows)
    return replace(judged, rows=rows).closed(
        Verdict.PASS if decided else Verdict.INCONCLUSIVE, None
    )
