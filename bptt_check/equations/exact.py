"""The exact gradient and loss of a case, by the tape in float64."""

from __future__ import annotations

import numpy as np

from ..cases.case import Case
from ..cases.types import Array
from .namespaces.numpy import NumPy
from .network import Problem, losses, problem
from .tape import Tape, Taped
from .truncation import parts


def exact_gradients(case: Case, xp: Taped | None = None) -> dict[str, Array]:
    """The gradient of a case by the NumPy tape, float64; `xp` may do the backward pass
    differently.
    """
    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    for part in parts(case):
        part.add_to(total, _gradients(part.problem, xp or Taped()))
    return total


def exact_loss(case: Case) -> float:
    """The loss of a case, float64."""
    given = problem(case)
    return float(losses(NumPy(), given, given.inputs).sum())


def _gradients(given: Problem, xp: Taped) -> dict[str, Array]:
    tape = Tape()
    inputs = {n: tape.input(a) for n, a in given.inputs.items()}
    tape.backward(losses(xp, given, inputs))
    bars = {n: inputs[n].bar for n in given.wanted}
    return {n: np.zeros(given.inputs[n].shape) if b is None else b[0] for n, b in bars.items()}
