"""Right implementations that round to nearest in the dtype of a case, and models to ask them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bptt_reference
import numpy as np

from bptt_check.cases.case import Case
from bptt_check.cases.model import Sizes
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.result import Differentiator
from bptt_check.cases.targets import Target, default_targets
from bptt_check.equations.arithmetics.on_grid import OnGrid
from bptt_check.equations.exact import exact_loss, gradients_in
from bptt_check.power.implementations import implementations

COMPILED = Sizes(T=6, B=2, D=3, H=4, O=3)
"""The one size of the cases that a compiled program is asked about."""


def rounded_once(case: Case) -> Any:
    """The NumPy reference, whose arrays are float32 in half precision; each gradient is rounded to
    the dtype once.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        loss, grads = bptt_reference.loss_and_grads(case)
    return loss, {n: PRECISIONS[case.dtype].rounded(g) for n, g in grads.items()}


def every_operation_rounded(case: Case) -> Any:
    """The equations, where every result of an operation is rounded to the dtype; sums are once."""
    facts = PRECISIONS[case.dtype]
    grads = gradients_in(case, OnGrid(facts))
    return exact_loss(case), {n: facts.rounded(g) for n, g in grads.items()}


def right_implementations() -> dict[str, Differentiator]:
    """By name, those that round to nearest."""
    of_frameworks = {n: f for n, f in implementations().items() if n != "reference"}
    own = {"rounded once": rounded_once, "every operation rounded": every_operation_rounded}
    return own | of_frameworks


def targets() -> list[Target]:
    """The default targets, and one of each family whose cases are all of one size."""
    chosen = default_targets()
    of_family: dict[str, list[Target]] = {}
    for target in chosen:
        if not (target.truncated or target.lengths or target.model.bidirectional):
            of_family.setdefault(target.model.family, []).append(target)
    compiled = [own[n % len(own)] for n, own in enumerate(of_family.values())]
    named = [replace(t, name=f"{t.name}, one size", sizes=COMPILED) for t in compiled]
    return [*chosen, *named]
