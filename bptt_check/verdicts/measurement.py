"""What a subject's answer and those of the oracles measure up to, before anything is said of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import OracleResult, OracleResults, Result
from ..equations.conditioning import conditioning, conditioning_in_float64
from ..equations.exact import exact_gradients, exact_loss
from ..errors import BpttCheckError
from .budget import Budgets, Tolerance
from .difference import Difference, differences
from .nonfinite import large_numbers
from .row import Row, judge_gradient, not_judged
from .verdict import Reason, Verdict


@dataclass(frozen=True, eq=False)
class Measurement:
    """Budgets, differences and rows of one case.

    Args:
        loss: the expected one.
        plain: budgets without the bound of an oracle.
        budgets: oracle name to the budgets against it.
        differences: oracle name to those of each gradient.
        rows: one for each gradient and oracle, also of an oracle that could not judge.
    """

    loss: float
    plain: Budgets
    budgets: Mapping[str, Budgets]
    differences: Mapping[str, dict[str, Difference]]
    rows: tuple[Row, ...]


def measure(
    case: AnyCase, result: Result, found: OracleResults, tolerance: Tolerance
) -> Measurement:
    """Compare an answer with those of the oracles.

    Args:
        result: the subject's answer, with the structure that the contract asks for.
        found: oracle name to its result, or to the exception in its place.
        tolerance: of every budget.
    """
    own, oracle = conditioning(case, case.dtype), conditioning_in_float64(case)
    trusted = {n: r for n, r in found.items() if isinstance(r, Result)}
    declared = _declared(case, tolerance.accuracy)
    budgets = {
        n: Budgets(tolerance, own, oracle, r.bounds, r.proven, r.along, declared)
        for n, r in trusted.items()
    }
    off = {n: differences(result, r) for n, r in trusted.items()}
    return Measurement(
        loss=exact_loss(case),
        plain=Budgets(tolerance, own, oracle, None, declared=declared),
        budgets=budgets,
        differences=off,
        rows=tuple(
            row
            for name, outcome in found.items()
            for row in (
                _judged(case, name, off[name], budgets[name])
                if name in trusted
                else _refused(case, name, outcome, result.grads)
            )
        ),
    )


def _declared(case: AnyCase, accuracy: float) -> dict[str, float]:
    """What an accuracy allows of the entries of each gradient, and of the loss."""
    if not accuracy:
        return {}
    sizes = {n: float(np.abs(g).max(initial=0.0)) for n, g in exact_gradients(case).items()}
    return {n: accuracy * s for n, s in {**sizes, "loss": abs(exact_loss(case))}.items()}


def _judged(
    case: AnyCase, oracle: str, off: Mapping[str, Difference], budgets: Budgets
) -> Iterator[Row]:
    """The rows of an oracle that answered."""
    for difference in off.values():
        row = judge_gradient(difference, oracle, budgets)
        yield _undefined(case, row, difference) or _overflowing(case, row, difference)
    yield from (not_judged(p, oracle, Reason.NOT_OFFERED) for p in case.inputs if p not in off)


UNMEASURED = (Reason.KINK_WITHIN_STEP, Reason.KINK_ALONG_DIRECTIONS, Reason.CHAOTIC)
"""Reasons of rows without a budget; where numbers overflow, they are none."""


def _undefined(case: AnyCase, row: Row, difference: Difference) -> Row | None:
    """The row where the reference has outputs that are no number, or such a gradient."""
    if row.verdict == Verdict.FAIL or not isinstance(case, RecurrenceCase):
        return None
    of_gradient = {f"the gradient of {row.parameter}": difference.want}
    for name, value in {**case.expected_outputs, **of_gradient}.items():
        beyond = value[~np.isfinite(value)]
        if beyond.size:
            facts = float(beyond[0]), beyond.size, value.size, name
            return row.because(Verdict.INCONCLUSIVE, Reason.UNDEFINED, *facts)
    return None


def _overflowing(case: AnyCase, row: Row, difference: Difference) -> Row:
    """The row, with an overflow as its reason if nothing is finite because of that."""
    nothing = row.reason_kind is Reason.VACUOUS and not np.isfinite(difference.want).any()
    if not nothing and row.reason_kind not in UNMEASURED:
        return row
    large = large_numbers(case)
    if large is None:
        return row
    return row.because(row.verdict, Reason.OVERFLOW, *large.details)


def _refused(
    case: AnyCase, oracle: str, outcome: OracleResult, offered: Collection[str]
) -> Iterator[Row]:
    """The rows of an oracle that could not judge."""
    known = isinstance(outcome, BpttCheckError)
    why = str(outcome) if known else f"raised {type(outcome).__name__}: {outcome}"
    for name in case.inputs:
        if name in offered:
            yield not_judged(name, oracle, Reason.DECLINED, why)
        else:
            yield not_judged(name, oracle, Reason.NOT_OFFERED)
