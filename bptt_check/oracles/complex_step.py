"""Complex step: `dL/dx = Im L(x + i s) / s` with s so small that no digit cancels.

All entries of an array are perturbed in one batched forward (Squire & Trapp 1998; Lyness & Moler
1967). Independent of any autograd. Not for relu, which is not analytic, nor on the kink of a choice
that a user's cell makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases.types import Array
from ..equations.cells import is_built_in
from ..equations.directional import Along, by_direction
from ..equations.exact import record
from ..equations.namespaces.copies import ComplexCopies
from ..equations.namespaces.numpy import NumPy
from ..equations.namespaces.of_copies import OfCopies
from ..equations.network import Problem, losses
from ..equations.perturbation import Displacements, Slopes, all_rows, by_entry, plain_copies
from ..errors import Undecidable
from . import Gradients

STEP = 1e-60  # its square is lost against every value, its products with gradients stay normal


class Complex(OfCopies):
    """NumPy over complex numbers whose imaginary part is infinitesimal against the real one: real
    functions, and their slopes times the imaginary part.
    """

    def tanh(self, z: Any) -> Any:
        """np.tanh of complex loses the slope when saturated."""
        t = np.tanh(z.real)
        c = 1.0 / np.cosh(np.minimum(np.abs(z.real), 350.0))
        return _with_slope(z, t, c * c)

    def sigmoid(self, z: Any) -> Any:
        s, rest = _shares(z.real)
        return _with_slope(z, s, s * rest)

    def softplus(self, z: Any) -> Any:
        return _with_slope(z, np.logaddexp(z.real, 0.0), _shares(z.real)[0])

    def exp(self, z: Any) -> Any:
        e = np.exp(z.real)
        return _with_slope(z, e, e)

    def relu(self, z: Any) -> Any:
        raise Undecidable("complex step does not apply to relu, which is not analytic")

    def log_softmax(self, z: Any) -> Any:
        shifted = z.real - np.max(z.real, axis=-1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=-1, keepdims=True)
        share = e / total
        return _with_change(
            z, shifted - np.log(total), lambda u: u - (share * u).sum(axis=-1, keepdims=True)
        )


def _shares(z: Array) -> tuple[Array, Array]:
    """The logistic of `z` and of `-z`, whose sum is 1; neither overflows or loses a digit."""
    up, down = np.exp(np.minimum(z, 0.0)), np.exp(np.minimum(-z, 0.0))
    total = up + down  # one of them is 1
    return up / total, down / total


def _with_slope(z: Any, value: Array, slope: Array) -> Any:
    return _with_change(z, value, lambda u: slope * u)


def _with_change(z: Any, value: Array, change: Callable[[Array], Array]) -> Any:
    """That value, and as its imaginary part what a linear function makes of that of `z`."""
    if isinstance(z, ComplexCopies):
        return ComplexCopies(value, change(z.rows), z.first)
    return value + 1j * change(z.imag) if np.iscomplexobj(z) else value


def _check_choices(problem: Problem) -> None:
    """Raise `Undecidable` where a step chooses by numbers that are equal: a kink."""
    if is_built_in(problem.model):
        return
    if any(np.any(k.places) for k in record(problem)[1].tape.relu_kinks):
        raise Undecidable("complex step does not apply on a kink, which is not analytic")


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by one imaginary perturbation per entry; exact up to rounding and STEP."""
    _check_choices(problem)
    grads = {n: of[0] for n, of in by_entry(problem, 1, _slopes_of(problem)).items()}
    # products of two imaginary parts leave a trace of this size where the derivative is zero
    return _loss(problem), grads, {n: np.full(g.shape, STEP) for n, g in grads.items()}


def slopes_along(problem: Problem, along: Along) -> Gradients:
    """Loss and slopes by one imaginary perturbation per direction."""
    _check_choices(problem)
    grads = {n: of[0] for n, of in by_direction(problem, along, 1, _slopes_of(problem)).items()}
    trace = {n: STEP * float(d.signs[0].size) ** 2 for n, d in along.items()}  # all entries move
    return _loss(problem), grads, {n: np.full(g.shape, trace[n]) for n, g in grads.items()}


def _slopes_of(problem: Problem) -> Slopes:
    """The function from moves to their slopes.

    A step is lost against every real part, so that of a cell of this package is computed once for
    all moves; what a user's own does with complex numbers is done to those of every move.
    """

    def of_copies(changes: Displacements, count: int) -> tuple[Array]:
        moved: dict[str, Any] = dict(problem.inputs)
        for name, change in changes(STEP).items():
            base = np.atleast_2d(problem.inputs[name])
            moved[name] = ComplexCopies(base, change.added, change.first)
        rows = losses(Complex(), problem, moved)
        return (all_rows(rows, count) / STEP,)

    def of_plain(changes: Displacements, count: int) -> tuple[Array]:
        added = {n: replace(c, added=1j * c.added) for n, c in changes(STEP).items()}
        inputs = {n: a.astype(np.complex128) for n, a in problem.inputs.items()}
        rows = losses(Complex(), problem, plain_copies(inputs, added, count))
        return (np.imag(all_rows(rows, count)) / STEP,)

    return of_copies if is_built_in(problem.model) else of_plain


def _loss(problem: Problem) -> float:
    return float(losses(NumPy(), problem, problem.inputs).sum())
