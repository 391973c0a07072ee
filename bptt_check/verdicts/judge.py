"""One case: the answers of the subject and of the oracles become rows, a verdict and an
explanation.

The order is always structure, value, derivative. What is expensive (is it float32 inside, do the
oracles contradict each other, is it the derivative of another loss) is asked only after a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.contract import Answer
from ..cases.result import Differentiator, Result, name_of
from ..equations import low_precision
from ..equations.conditioning import Conditioning
from ..own_loss.first_difference import where_it_differs
from ..own_loss.of_subject import own_derivative
from ..runs.check import trusted_results
from ..subjects.calling import ask, explained
from ..subjects.training import ask_training
from . import messages
from .budget import Tolerance
from .case_report import CaseReport, Evidence
from .contract_breaches import breaches
from .measurement import measured
from .oracle_disagreement import Disagreement, disagreement
from .row import is_imprecise
from .training_step import DEFINITIONS, training_rows
from .verdict import Verdict

CONTRADICTED = "contradicted by a proof; please report this case: it is a bug in this oracle"


@dataclass(frozen=True)
class Setup:
    """Against what and how strictly a subject is checked."""

    oracles: tuple[Any, ...]
    tolerance: Tolerance = field(default_factory=Tolerance)
    timeout: float | None = None


def check_case(
    subject: Differentiator, case: Case, setup: Setup, detail: bool = False
) -> CaseReport:
    """Check a subject on one case; `detail` also asks what a wrong loss is the loss of."""
    (report,) = check_cases(subject, [case], setup, detail)
    return report


def check_cases(
    subject: Differentiator, cases: Sequence[Case], setup: Setup, detail: bool = False
) -> Iterable[CaseReport]:
    """Check a subject on a chunk of cases; where it gave no result, no oracle is asked."""
    answers = [ask(subject, c, setup.timeout, probe=n == 0) for n, c in enumerate(cases)]
    answered = [c for c, a in zip(cases, answers, strict=True) if a.result is not None]
    trusted = [trusted_results(oracle, answered) for oracle in setup.oracles]
    names = [oracle.name for oracle in setup.oracles]
    for case, answer in zip(cases, answers, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # the truth may be out of range itself
            asked = () if answer.result is None else zip(names, map(next, trusted), strict=True)
            report = _Judgement(subject, case, setup, answer, dict(asked)).report(detail)
        yield report


class _Judgement:
    """The judgement of one answer; holds what its steps share."""

    def __init__(
        self,
        subject: Differentiator,
        case: Case,
        setup: Setup,
        answer: Answer,
        found: Mapping[str, Any],
    ) -> None:
        self.subject, self.case, self.setup, self.answer = subject, case, setup, answer
        self.name = name_of(subject)
        self.found = found
        self.trusted = {n: r for n, r in found.items() if isinstance(r, Result)}

    def report(self, detail: bool) -> CaseReport:
        """Structure, then value, then derivative."""
        if self.answer.unsupported:
            return self._closed(Verdict.UNSUPPORTED, self.answer.unsupported)
        if self.answer.error:
            return self._closed(
                Verdict.ERROR, messages.raised(self.case, self.answer.error, self.name)
            )
        if self.answer.result is None:
            return self._broken([f.message for f in self.answer.findings])
        self._measure()
        self.breaches = breaches(
            self.case, self.answer, self.plain, self.trusted, self.expected_loss
        )
        if self.breaches.findings:
            return self._broken(self.breaches.findings)
        return self._hinted(self._failed(detail)) if self._over_budget() else self._sound()

    def _sound(self) -> CaseReport:
        """Nothing is over budget."""
        linear = self.breaches.linear
        if linear:
            return self._broken([f.message for f in linear], linear[0].parameter)
        if self.breaches.beyond:
            return self._beyond_range(self.breaches.beyond)
        trouble = self._training_step()
        if trouble is not None:
            return trouble
        decided = any(r.verdict == Verdict.PASS for r in self.rows)
        return self._closed(Verdict.PASS if decided else Verdict.INCONCLUSIVE, "")

    def _training_step(self) -> CaseReport | None:
        """Rows for `clip`, `clip_by_value` and `update` where offered; a report if one is wrong."""
        assert self.answer.result is not None
        try:
            answers = ask_training(self.subject, self.case, self.answer.result.grads)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a subject cannot end the run
            return self._closed(
                Verdict.ERROR, messages.raised(self.case, explained(error), self.name)
            )
        found = training_rows(answers, self.case.dtype)
        self.rows += found
        bad = [r for r in found if r.verdict == Verdict.FAIL]
        if not bad:
            return None
        name = bad[0].parameter
        message = messages.wrong_step(self.case, bad[0], DEFINITIONS[name], self.name)
        return self._closed(Verdict.FAIL, message, name)

    def _measure(self) -> None:
        """Budgets and rows of everything that can be compared."""
        assert self.answer.result is not None
        found = measured(self.case, self.answer.result, self.found, self.setup.tolerance)
        self.plain, self.budgets, self.expected_loss = found.plain, found.budgets, found.loss
        self.diffs, self.rows = dict(found.differences), list(found.rows)

    @property
    def loss_error(self) -> float:
        """Distance of the subject's loss from the expected one; one that is not finite is judged
        by `breaches`.
        """
        assert self.answer.result is not None
        if not np.isfinite(self.answer.result.loss):
            return 0.0
        return abs(self.answer.result.loss - self.expected_loss)

    def _over_budget(self) -> bool:
        wrong_loss = self.loss_error > self.plain.of_loss()
        return wrong_loss or any(r.verdict == Verdict.FAIL for r in self.rows)

    def _broken(self, findings: Sequence[str], parameter: str = "") -> CaseReport:
        """The contract is broken, first of all by one gradient (or the loss, an input, ...)."""
        first = self.answer.findings[0].parameter if self.answer.findings else "return value"
        message = messages.broken_contract(self.case, findings, self.name)
        return self._closed(Verdict.CONTRACT, message, parameter or first)

    def _beyond_range(self, beyond: Mapping[str, str]) -> CaseReport:
        """Nothing is wrong but what cannot be a number of this dtype."""
        self.rows = [
            replace(r, verdict=Verdict.INCONCLUSIVE, reason=beyond[r.parameter])
            if r.parameter in beyond
            else r
            for r in self.rows
        ]
        message = messages.beyond_range(self.case, beyond, self.name)
        return self._closed(Verdict.INCONCLUSIVE, message, next(iter(beyond)))

    def _hinted(self, report: CaseReport) -> CaseReport:
        """A failure with what the probes of the contract say about it."""
        message = report.message
        for hint in self.breaches.hints if report.verdict == Verdict.FAIL else ():
            message = messages.with_diagnosis(message, hint)
        return replace(report, message=message)

    def _failed(self, detail: bool) -> CaseReport:
        """Something is over budget: find out what kind of failure it is."""
        found = self._disagreement()
        if found is not None:
            self._rewrite(Verdict.INCONCLUSIVE, f"the oracles disagree on {found.parameter}")
            return self._closed(
                Verdict.INCONCLUSIVE, messages.disagreeing(self.case, found, self.name)
            )
        if not self._over_budget():  # only an oracle said so that a proof contradicts
            return self._sound()
        assert self.answer.result is not None
        for suspect in low_precision.conditionings(self.case, self.answer.result.grads):
            imprecise = self._imprecise(*suspect)
            if imprecise is not None:
                return imprecise
        if self.loss_error > self.plain.of_loss():
            return self._closed(Verdict.FAIL, self._wrong_loss(detail), "loss")
        steps = self._wrong_steps()
        message = messages.wrong_gradient(self.case, self.rows, steps, self.name)
        return self._closed(Verdict.FAIL, message, self._worst_parameter(Verdict.FAIL))

    def _disagreement(self) -> Disagreement | None:
        """Two oracles that exclude each other; one that a proof contradicts is left out instead."""
        while found := disagreement(self.trusted, self.budgets):
            if not found.proven:
                return found
            self._rewrite(Verdict.INCONCLUSIVE, CONTRADICTED, found.outvoted)
            del self.trusted[found.outvoted], self.diffs[found.outvoted]
        return None

    def _rewrite(self, verdict: Verdict, reason: str = "", oracle: str = "") -> None:
        """Give failed rows (of one oracle, or of all) another verdict."""
        self.rows = [
            replace(r, verdict=verdict, reason=reason)
            if r.verdict == Verdict.FAIL and oracle in ("", r.oracle)
            else r
            for r in self.rows
        ]

    def _imprecise(self, what: str, lower: Conditioning) -> CaseReport | None:
        """A report if an arithmetic that loses digits explains everything that is over budget."""
        allowed = self.plain.of_loss() + self.plain.tolerance.units * lower.loss_error()
        if self.loss_error > allowed:
            return None
        if not any(r.verdict == Verdict.FAIL for r in self.rows):
            message = messages.imprecise_loss(
                self.case, self.loss_error, self.expected_loss, what, self.name
            )
            return self._closed(Verdict.IMPRECISE, message, "loss")
        sharp = min(self.trusted, key=lambda name: _largest_bound(self.trusted[name]))
        if not is_imprecise(self.diffs[sharp], self.budgets[sharp], lower):
            return None
        self._rewrite(Verdict.IMPRECISE)
        message = messages.imprecise(self.case, self.rows, what, self.name)
        return self._closed(Verdict.IMPRECISE, message, self._worst_parameter(Verdict.IMPRECISE))

    def _wrong_loss(self, detail: bool) -> str:
        """The message of a wrong loss; in detail with where it starts and whose derivative it
        is.
        """
        result = self.answer.result
        assert result is not None
        own = "your gradients are those of the model, only the loss is another one"
        if any(r.verdict == Verdict.FAIL for r in self.rows):
            own = ""
            if detail:
                own = own_derivative(self.subject, self.case, result)
        where = where_it_differs(self.subject, self.case, result, self.plain) if detail else ""
        budget = self.plain.of_loss()
        return messages.wrong_loss(
            self.case, result.loss, self.expected_loss, budget, own, where, self.name
        )

    def _wrong_steps(self) -> list[int]:
        """Steps at which some oracle finds the gradient of `x` over budget."""
        found: set[int] = set()
        for name, diffs in self.diffs.items():
            if "x" in diffs:
                over = diffs["x"].error > self.budgets[name].of("x")
                found |= set(np.flatnonzero(over.any(axis=(1, 2))).tolist())
        return sorted(found)

    def _worst_parameter(self, verdict: Verdict) -> str:
        return max(
            (r for r in self.rows if r.verdict == verdict), key=lambda r: r.max_budgets
        ).parameter

    def _closed(self, verdict: Verdict, message: str, parameter: str = "") -> CaseReport:
        result = self.answer.result
        measured = hasattr(self, "rows")
        return CaseReport(
            verdict=verdict,
            case=self.case,
            subject=self.name,
            rows=tuple(self.rows) if measured else (),
            message=message,
            parameter=parameter,
            loss=result.loss if result else float("nan"),
            expected_loss=self.expected_loss if measured else float("nan"),
            evidence=self._evidence() if measured and self.trusted else None,
            asked=self.answer.asked,
        )

    def _evidence(self) -> Evidence:
        """What was compared, by reference."""
        assert self.answer.result is not None
        return Evidence(self.answer.result, self.trusted, self.budgets)


def _largest_bound(result: Result) -> float:
    """The largest error that an oracle says it may have, beyond rounding."""
    return max((float(b.max()) for b in (result.bounds or {}).values()), default=0.0)
