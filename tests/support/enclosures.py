"""A second proof, by another road: forward mode in truncated series of balls, entry by entry.

Each entry of each input becomes `value + ε`, the shared forward pass runs over series cut after the
first power, and the coefficient of ε encloses the derivative. Slow; shares no line with the oracle
but the forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb, arb_series, ctx

from bptt_check.cases.case import Case
from bptt_check.equations.namespaces.numpy import PythonLoop
from bptt_check.equations.network import Problem, losses, problem_of


class Series(PythonLoop):
    """The namespace over object arrays of series."""

    stack = staticmethod(lambda sequence: np.stack(sequence, axis=-3))

    def tanh(self, z: Any) -> Any:
        return 1.0 - 2.0 * self.sigmoid(-2.0 * z)

    def sigmoid(self, z: Any) -> Any:
        return _each(lambda a: 1 / (1 + (-a).exp()), z)

    def relu(self, z: Any) -> Any:
        return _each(lambda a: a if a[0] > 0 else 0 * a, z)

    def softplus(self, z: Any) -> Any:
        return _each(lambda a: (1 + a.exp()).log(), z)

    def log_softmax(self, z: Any) -> Any:
        total = _each(lambda a: a.exp(), z).sum(-1, keepdims=True)
        return z - _each(lambda a: a.log(), total)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return np.where(condition, a, b)

    def concat(self, arrays: Any) -> Any:
        return np.concatenate(arrays, axis=-1)


def _each(function: Any, values: Any) -> Any:
    return np.frompyfunc(lambda a: function(arb_series(a)), 1, 1)(values)


def derivative(case: Case, name: str, index: tuple[int, ...], bits: int = 192) -> arb:
    """A ball that holds the derivative of an untruncated case by one entry of one input."""
    cap = ctx.cap
    ctx.cap = 2
    try:
        with ctx.workprec(bits):
            problem = problem_of(case)
            weights = np.where(problem.weights != 0, 1, 0) * np.full(
                problem.weights.shape, arb(1) / problem.divisor, dtype=object
            )
            problem = replace(problem, weights=weights)
            total = losses(Series(), problem, _perturbed(problem, name, index)).sum()
            return arb_series(total)[1]
    finally:
        ctx.cap = cap


def _perturbed(problem: Problem, name: str, index: tuple[int, ...]) -> Mapping[str, Any]:
    inputs = {n: _each(lambda a: a, a) for n, a in problem.inputs.items()}
    inputs[name][index] = arb_series([problem.inputs[name][index], 1])
    return inputs
