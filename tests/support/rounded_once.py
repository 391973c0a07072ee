"""A right gradient that is rounded once, to the case's dtype, after something was done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptt_check.cases.case import Case
from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.exact import exact_gradients, exact_loss

Grads = dict[str, np.ndarray]
Change = Callable[[Case, Grads], Grads]


@dataclass(frozen=True)
class RoundedOnce:
    """Gradients with float64 inside and the numbers of the case's dtype outside.

    Args:
        change: what becomes of the right gradients before they are rounded.
    """

    change: Change = lambda case, grads: grads
    name: str = "rounded once"

    def __call__(self, case: Case) -> tuple[float, dict[str, Any]]:
        """Loss and gradients."""
        grads = self.change(case, exact_gradients(case))
        precision = PRECISIONS[case.dtype]
        return exact_loss(case), {n: precision.rounded(g) for n, g in grads.items()}


def scaled(factor: float, *names: str) -> RoundedOnce:
    """With some gradients so many times what they must be."""

    def change(case: Case, grads: Grads) -> Grads:
        return {n: g * (factor if n.partition("_l")[0] in names else 1.0) for n, g in grads.items()}

    return RoundedOnce(change, f"{' '.join(names)} times {factor}")
