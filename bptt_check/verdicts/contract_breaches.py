"""Breaches of the contract that only the truth or a budget can tell from rounding.

`contract` reads what one call returned; here several answers meet, and what they should have been.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.case import Case
from ..cases.contract import Answer, Breach
from ..cases.result import Result
from ..cases.types import Array
from ..equations.conditioning import conditioning
from ..equations.exact import exact_gradients
from .budget import Budgets
from .linearity import INDEPENDENT, not_linear
from .nonfinite import not_finite


@dataclass(frozen=True)
class Breaches:
    """What is wrong with an answer whatever its numbers are.

    Args:
        findings: sentences that close the case.
        linear: sentences that do so only where no gradient is wrong.
        beyond: gradients, or the loss, that are not finite and whose truth is not either, each
            with its sentence.
    """

    findings: tuple[str, ...]
    linear: tuple[Breach, ...]
    beyond: Mapping[str, str]

    @property
    def hints(self) -> list[str]:
        """Sentences that explain a wrong gradient as well."""
        return [f.message for f in self.linear if any(part in f.message for part in INDEPENDENT)]


def breaches(
    case: Case, answer: Answer, budgets: Budgets, truths: Mapping[str, Result], loss: float
) -> Breaches:
    """The breaches of an answer.

    Args:
        budgets: of the case, without the bound of an oracle.
        truths: oracle name to its result.
        loss: the expected one.
    """
    assert answer.result is not None
    valued = [f for f in answer.breaches if f.value is not None]
    found = not_finite(case, valued, truths, loss)
    plain = [f.message for f in answer.breaches if f.value is None]
    again = second_call(answer.result, answer.second_result, budgets)
    kept = kept_by_shape(case, answer.same_for_other_case)

    @functools.cache
    def budgets_of(other: Case) -> Budgets:
        return budgets if other is case else _budgets_of(other, budgets)

    def budget(of: Case, name: str) -> Array:
        return np.array(budgets_of(of).of_loss()) if name == "loss" else budgets_of(of).of(name)

    linear = not_linear(case, answer.result, answer.linear, budget)
    return Breaches((*plain, *found.breaches, *again, *kept), tuple(linear), found.beyond)


def _budgets_of(case: Case, like: Budgets) -> Budgets:
    """The budgets of another case with the same inputs."""
    own, oracle = conditioning(case, case.dtype), conditioning(case, "float64")
    return replace(like, subject=own, oracle=oracle)


def kept_by_shape(case: Case, other: Case | None) -> list[str]:
    """A finding if other arrays got the very same gradients although theirs are others."""
    if other is None:
        return []
    here, there = exact_gradients(case), exact_gradients(other)
    if all(np.array_equal(here[n], there[n]) for n in here):
        return []
    what = "other arrays of the same shapes got the very same gradients"
    return [f"{what}: are they kept by shape?"]


def second_call(first: Result, again: Result | None, budgets: Budgets) -> list[str]:
    """A finding if the second call's answer differs from the first's by more than rounding."""
    if again is None:
        return []
    changed = [
        n
        for n, a in first.grads.items()
        if n not in again.grads or np.any(np.abs(a - again.grads[n]) > budgets.of(n))
    ]
    if abs(again.loss - first.loss) > budgets.of_loss():
        changed.insert(0, "loss")
    if not changed:
        return []
    return [f"two calls on the same case gave two answers, in {', '.join(changed)}"]
