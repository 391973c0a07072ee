"""Checks of one case against an oracle that is right, and against others that are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from support.budgets import Gradients
from support.right import right

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.result import Result
from bptt_check.equations.exact import exact_gradients
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.failures import check_in_detail
from bptt_check.verdicts.case_report import CaseReport


@dataclass(frozen=True)
class Fake:
    """An oracle made of a function from the right gradients to its own."""

    name: str
    change: Callable[[Gradients], Gradients] = dict
    bounds: Mapping[str, np.ndarray] | None = None

    def __call__(self, case: Case) -> Result:
        return Result(right(case)[0], self.change(exact_gradients(case)), bounds=self.bounds)


def changed(change: Callable[[float, Gradients], Any]) -> Callable[[Case], Any]:
    """A subject made of a function of the right loss and gradients."""
    return lambda case: change(*right(case))


def scaled(name: str, factor: float) -> Callable[[Gradients], Gradients]:
    """One gradient times a factor."""
    return lambda grads: {**grads, name: grads[name] * factor}


def check(subject: Any, text: str = "lstm T=4", *others: Any, detail: bool = False) -> CaseReport:
    """A subject on one case, against an oracle that is right and others."""
    setup = Setup((Fake("truth"), *others))
    check = check_in_detail if detail else check_case
    return check(subject, Spec.parse(text).build(), setup)


def unknown(case: Case) -> Any:
    """Declines."""
    raise NotImplementedError
