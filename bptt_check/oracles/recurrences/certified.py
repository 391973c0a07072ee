"""A proof: reverse accumulation of NumPy code in Arb balls, at a precision that is raised until
float64 could not tell more; see `oracles.certified`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flint import arb, ctx

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.recurrences.reference_code import EnclosableCode
from ...cases.result import OracleResult, Result, outcome_of
from ...errors import LeftAlone, SpecError, why
from ..certified import Enclosure, narrowed

LARGEST = 30_000
"""Operations of a forward pass up to which a case is proven unless asked for: 50 to 100 ms."""


class CertifiedOracle:
    """Balls that hold the loss and every entry of the gradients and outputs.

    Args:
        code: the reference.
        asked_for: whether large cases are proven, too.
    """

    name = "certified"

    def __init__(self, code: EnclosableCode, asked_for: bool = False) -> None:
        self._code, self._asked_for = code, asked_for

    def __call__(self, case: RecurrenceCase) -> Result:
        """Loss, gradients and outputs with proven bounds.

        Raises:
            LeftAlone: the case is large, or its code calls what is not run on balls.
        """
        wrt = case.model.inputs.differentiated
        operations = self._code.operations(case.arrays, wrt)
        if operations > LARGEST and not self._asked_for:
            raise LeftAlone(
                f"too large to prove unless asked for: {operations:,} operations, "
                f"{LARGEST:,} by default"
            )

        def enclose() -> Enclosure:
            try:
                found = self._code.enclosed(case.arrays, case.cotangents, wrt)
            except (AttributeError, TypeError, SpecError) as error:
                raise LeftAlone(f"the reference is not run on balls: {why(error)}") from error
            both = {**found.outputs, **found.grads}
            return Enclosure(ctx.prec, _loss(case, found.outputs), both)

        proven = narrowed(enclose)
        grads = {n: proven.grads[n] for n in wrt}
        outputs = {n: a for n, a in proven.grads.items() if n not in grads}
        return replace(proven, grads=grads, outputs=outputs)

    def many(self, cases: Sequence[RecurrenceCase]) -> Iterator[OracleResult]:
        """One by one: they have different sizes."""
        for case in cases:
            yield outcome_of(self, case)


def _loss(case: RecurrenceCase, outputs: dict[str, Any]) -> arb:
    return sum((arb((c * outputs[n]).sum()) for n, c in case.cotangents.items()), arb(0))
