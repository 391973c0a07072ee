"""The reference itself: its outputs, and its own reverse mode in float64."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.recurrences.reference_code import ORACLE
from ...cases.result import OracleResult, Result, outcome_of
from ...equations.recurrences.truth import evaluation_of, linear_loss


class ReferenceOracle:
    """The definition: exact up to float64 rounding."""

    name = ORACLE

    def __call__(self, case: RecurrenceCase) -> Result:
        """Loss, gradients and outputs."""
        found = evaluation_of(case)
        return Result(linear_loss(case, found.outputs), found.grads, outputs=found.outputs)

    def many(self, cases: Sequence[RecurrenceCase]) -> Iterator[OracleResult]:
        """One by one: they have different sizes."""
        for case in cases:
            yield outcome_of(self, case)
