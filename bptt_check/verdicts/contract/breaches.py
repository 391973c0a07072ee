"""Breaches of the contract that only the truth or a budget can tell from rounding.

`contract` reads what one call returned; here several answers meet, and what they should have been.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.contract import Answer, Breach, FollowUp
from ...cases.follow_up import FollowUpKind, follow_up_case
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ...equations.conditioning import conditioning, conditioning_in_float64
from ...equations.exact import exact_gradients
from ..budget import Budgets
from ..nonfinite import (
    NotFinite,
    OutOfRange,
    Overflow,
    not_finite,
    out_of_range,
    outputs_not_finite,
)
from .linearity import Nonlinearity, not_linear


@dataclass(frozen=True)
class TwoAnswers:
    """Two calls on the same case gave two answers, in these gradients, outputs (or the loss)."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class KeptByShape:
    """Other arrays of the same shapes got the very same gradients, which are others in truth."""


@dataclass(frozen=True)
class UnknownOutput:
    """A kernel returned an output that its reference has not: nothing can be said of it."""

    name: str
    known: tuple[str, ...]


CaseBreach = Breach | UnknownOutput | NotFinite | Overflow | TwoAnswers | KeptByShape | Nonlinearity
"""Whatever breaks the contract in one case."""


@dataclass(frozen=True)
class Breaches:
    """What is wrong with an answer whatever its numbers are.

    Args:
        closing: those that close the case.
        linear: those that do so only where no gradient is wrong.
        out_of_range: what is not finite, in a case whose truth is not either.
    """

    closing: tuple[CaseBreach, ...]
    linear: tuple[Nonlinearity, ...]
    out_of_range: OutOfRange | None

    @property
    def hints(self) -> tuple[Nonlinearity, ...]:
        """Those that explain a wrong gradient as well."""
        return tuple(b for b in self.linear if b.kind.explains_wrong_gradient)


def breaches(
    case: AnyCase, answer: Answer, budgets: Budgets, truths: Mapping[str, Result], loss: float
) -> Breaches:
    """The breaches of an answer.

    Args:
        budgets: of the case, without the bound of an oracle.
        truths: oracle name to its result.
        loss: the expected one.
    """
    assert answer.result is not None
    valued = [b for b in answer.breaches if b.value is not None]
    beyond = out_of_range(case, valued)
    outputs = outputs_not_finite(case, answer.result, truths)
    if outputs:  # of which the loss is the sum: nobody returned it
        valued = [b for b in valued if b.parameter != "loss"]
    closing = (
        *(b for b in answer.breaches if b.value is None),
        *unknown_outputs(case, answer.result),
        *outputs,
        *([] if beyond else not_finite(case, valued, truths, loss)),
        *second_call(answer.result, answer.second_result, budgets),
        *kept_by_shape(case, answer, budgets),
    )

    @functools.cache
    def budgets_of(other: AnyCase) -> Budgets:
        return budgets if other is case else _budgets_of(other, budgets)

    def budget(of: AnyCase, name: str) -> Array:
        return np.array(budgets_of(of).of_loss()) if name == "loss" else budgets_of(of).of(name)

    linear = not_linear(case, answer.result, answer.linear, budget)
    return Breaches(closing, tuple(linear), beyond)


def _budgets_of(case: AnyCase, like: Budgets) -> Budgets:
    """The budgets of another case with the same inputs."""
    own, oracle = conditioning(case, case.dtype), conditioning_in_float64(case)
    return replace(like, subject=own, oracle=oracle)


def unknown_outputs(case: AnyCase, result: Result) -> list[UnknownOutput]:
    """Outputs of a kernel that nothing defines."""
    if not isinstance(case, RecurrenceCase):
        return []
    known = tuple(case.expected_outputs)
    return [UnknownOutput(name, known) for name in result.outputs or {} if name not in known]


def kept_by_shape(case: AnyCase, answer: Answer, budgets: Budgets) -> list[KeptByShape]:
    """A breach if other arrays got the very same gradients although theirs are others, by more than
    rounding.
    """
    for follow_up in answer.follow_ups:
        other = follow_up_case(case, follow_up.call)
        if follow_up.call.kind is not FollowUpKind.OTHER_VALUES or other is None:
            continue
        if _same_gradients(answer, follow_up):
            here, there = exact_gradients(case), exact_gradients(other)
            of_other = _budgets_of(other, budgets)
            rounding = {n: budgets.of(n) + of_other.of(n) for n in here}
            if any(np.any(np.abs(here[n] - there[n]) > rounding[n]) for n in here):
                return [KeptByShape()]
    return []


def _same_gradients(answer: Answer, follow_up: FollowUp) -> bool:
    """Whether a further call got the very same gradients, which are not all zero."""
    first, later = answer.result, follow_up.answer.result
    if first is None or later is None or not any(np.any(g) for g in first.grads.values()):
        return False
    return all(np.array_equal(g, later.grads.get(n, np.empty(0))) for n, g in first.grads.items())


def second_call(first: Result, second: Result | None, budgets: Budgets) -> list[TwoAnswers]:
    """A breach if the second call's answer differs from the first's by more than rounding."""
    if second is None:
        return []
    again, known = second.entries, budgets.subject.entries
    changed = [
        n
        for n, a in first.entries.items()
        if n in known and _changed(a, again.get(n), budgets.of(n))
    ]
    outputs = [n for n in changed if n not in first.grads]
    if not outputs and abs(second.loss - first.loss) > budgets.of_loss():
        changed.insert(0, "loss")
    return [TwoAnswers(tuple(changed))] if changed else []


def _changed(before: Array, after: Array | None, budget: Array) -> bool:
    """Whether an array differs by more than rounding."""
    if after is None or after.shape != before.shape:
        return True
    return bool(np.any(np.abs(before - after) > budget))
