"""Complex step: `dL/dx = Im L(x + i s) / s` with s so small that no digit cancels.

All entries of an array are perturbed in one batched forward (Squire & Trapp 1998; Lyness & Moler
1967). Independent of any autograd. Not for relu, which is not analytic, nor on the kink of a choice
that a user's cell makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases.types import Array
from ..equations.cells import is_built_in
from ..equations.directional import Along, MovedInputs, by_direction
from ..equations.exact import record
from ..equations.namespaces.numpy import NumPy
from ..equations.network import Problem, losses
from ..equations.perturbation import Perturb, by_perturbation, losses_of_copies
from ..errors import Undecidable
from . import Gradients

STEP = 1e-60  # its square is lost against every value, its products with gradients stay normal


class Complex(NumPy):
    """NumPy over complex numbers whose imaginary part is infinitesimal against the real one."""

    def tanh(self, z: Any) -> Any:
        """Real tanh, and its slope times the imaginary part; np.tanh of complex loses the slope
        when saturated.
        """
        t = np.tanh(z.real)
        return _with_slope(z, t, 1.0 / np.cosh(np.clip(z.real, -350.0, 350.0)) ** 2)

    def sigmoid(self, z: Any) -> Any:
        small = np.exp(-np.abs(z.real))
        s = np.where(z.real >= 0, 1.0, small) / (1.0 + small)
        return _with_slope(z, s, small / (1.0 + small) ** 2)

    def softplus(self, z: Any) -> Any:
        small = np.exp(-np.abs(z.real))
        s = np.where(z.real >= 0, 1.0, small) / (1.0 + small)
        return _with_slope(z, np.logaddexp(z.real, 0.0), s)

    def exp(self, z: Any) -> Any:
        e = np.exp(z.real)
        return _with_slope(z, e, e)

    def relu(self, z: Any) -> Any:
        raise Undecidable("complex step does not apply to relu, which is not analytic")

    def log_softmax(self, z: Any) -> Any:
        shifted = z - np.max(z.real, axis=-1, keepdims=True)
        return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def _with_slope(z: Any, value: Any, slope: Any) -> Any:
    return value + 1j * (slope * z.imag)


def _check_choices(problem: Problem) -> None:
    """Raise `Undecidable` where a step chooses by numbers that are equal: a kink."""
    if is_built_in(problem.model):
        return
    if any(np.any(k.places) for k in record(problem)[1].tape.relu_kinks):
        raise Undecidable("complex step does not apply on a kink, which is not analytic")


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by one imaginary perturbation per entry; exact up to rounding and STEP."""
    _check_choices(problem)
    xp, inputs = Complex(), _complex(problem)

    def slopes(perturb: Perturb) -> tuple[Array]:
        return (np.imag(losses_of_copies(xp, problem, perturb(1j * STEP))) / STEP,)

    grads = {n: by_perturbation(n, inputs, slopes)[0] for n in problem.differentiated}
    # products of two imaginary parts leave a trace of this size where the derivative is zero
    return _loss(problem, inputs), grads, {n: np.full(g.shape, STEP) for n, g in grads.items()}


def slopes_along(problem: Problem, along: Along) -> Gradients:
    """Loss and slopes by one imaginary perturbation per direction."""
    _check_choices(problem)
    xp, inputs = Complex(), _complex(problem)

    def slopes(moved: MovedInputs, _: int) -> tuple[Array]:
        return (np.imag(losses_of_copies(xp, problem, moved(1j * STEP))) / STEP,)

    measured = by_direction(replace(problem, inputs=inputs), along, 1, slopes)
    grads = {n: slope for n, (slope,) in measured.items()}
    trace = {n: STEP * float(d.signs[0].size) ** 2 for n, d in along.items()}  # all entries move
    return _loss(problem, inputs), grads, {n: np.full(g.shape, trace[n]) for n, g in grads.items()}


def _complex(problem: Problem) -> dict[str, Array]:
    return {n: a.astype(np.complex128) for n, a in problem.inputs.items()}


def _loss(problem: Problem, inputs: Mapping[str, Array]) -> float:
    return float(losses(Complex(), problem, inputs).real.sum())
