"""One case while it is judged: what the stages of `judge` share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.contract import Answer
from ..cases.result import Result
from .budget import Budgets
from .case_report import CaseReport, Evidence
from .cause import Cause, ContractBroken
from .contract.breaches import Breaches, CaseBreach
from .difference import Difference
from .measurement import Measurement
from .nonfinite import NotFinite
from .row import Row, farthest_off
from .verdict import Reason, Verdict


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the stages share.

    Args:
        rows: as judged so far.
        trusted: the results of the oracles that no proof contradicts.
    """

    case: AnyCase
    subject: str
    answer: Answer
    result: Result
    measurement: Measurement
    breaches: Breaches
    rows: tuple[Row, ...]
    trusted: Mapping[str, Result]

    @property
    def differences(self) -> Mapping[str, dict[str, Difference]]:
        """Those from every trusted oracle."""
        return {name: self.measurement.differences[name] for name in self.trusted}

    @property
    def loss_error(self) -> float:
        """Distance of the subject's loss from the expected one; one that is not finite is judged
        as a breach.
        """
        loss = self.result.loss
        return abs(loss - self.measurement.loss) if np.isfinite(loss) else 0.0

    @property
    def wrong_loss(self) -> bool:
        """Whether the loss is over budget."""
        return self.loss_error > self.measurement.plain.of_loss()

    @property
    def wrong_gradients(self) -> bool:
        """Whether a gradient is over budget."""
        return any(r.verdict == Verdict.FAIL for r in self.rows)

    @property
    def over_budget(self) -> bool:
        """Whether the loss or a gradient is."""
        return self.wrong_loss or self.wrong_gradients

    @property
    def first_breach(self) -> str:
        """The gradient (or the loss, an input, ...) that breaks the contract first of all."""
        first = next(iter(self.breaches.closing), None)
        if isinstance(first, NotFinite):
            return first.breach.parameter
        return self.answer.breaches[0].parameter if self.answer.breaches else "return value"

    def sharpest(self) -> tuple[Mapping[str, Difference], Budgets]:
        """The differences from the oracle that knows most, and the budgets against it."""
        sharp = min(self.trusted, key=lambda name: _bluntness(self.trusted[name]))
        return self.measurement.differences[sharp], self.measurement.budgets[sharp]

    def rewritten(
        self, verdict: Verdict, reason: Reason, *details: str, oracle: str = ""
    ) -> Judgement:
        """With another verdict for the failed rows of one oracle, or of all."""
        rows = (
            r.because(verdict, reason, *details)
            if r.verdict == Verdict.FAIL and oracle in ("", r.oracle)
            else r
            for r in self.rows
        )
        return replace(self, rows=tuple(rows))

    def worst_parameter(self, verdict: Verdict) -> str:
        """The gradient that is farthest off among the rows of a verdict."""
        rows = (r for r in self.rows if r.verdict == verdict)
        return farthest_off(rows).parameter

    def broken(self, broken: tuple[CaseBreach, ...], parameter: str) -> CaseReport:
        """The report of a broken contract."""
        return self.closed(Verdict.CONTRACT, ContractBroken(broken), parameter)

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
            expected_loss=self.measurement.loss,
            evidence=Evidence(
                self.result, self.trusted, self.measurement.budgets, self.measurement.plain
            ),
            outcome=self.answer.outcome,
        )


def _bluntness(result: Result) -> tuple[bool, float]:
    """Whether an oracle knows no single entry, and the largest error that it says it may have."""
    bounds = (result.bounds or {}).values()
    return bool(result.along), max((float(b.max()) for b in bounds), default=0.0)
