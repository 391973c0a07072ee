"""JAX autograd on the shared forward: reverse mode gives the answer, forward mode checks it.

XLA compiles for every shape and every branch of Python, and a run draws hundreds of shapes. So a
problem is padded into a bucket of sizes, and whatever can be data is data: activation, loss,
readout, reduction, lengths, missing biases. Only cell, layers and directions make other programs.

JAX itself is imported with the first program: a run whose cases are all too large goes without.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...cases.case import Case
from ...cases.types import Array
from ...equations.network import Problem
from ...equations.truncation import cuts_of
from ...errors import Undecidable
from .. import Gradients
from .padding import SMALLEST, flat_vector, places_of, sizes_of_problem, trunk_of

AGREEMENT = 1e-12
"""Largest gap of the two modes relative to all that they add up; 6e-16 is the most ever seen."""


def too_large(case: Case) -> str:
    """Why a case is not compiled unless asked for; empty if all its windows fit one program."""
    for cut in cuts_of(case):
        sizes = replace(case.sizes, T=cut.span.end - cut.span.start, B=len(cut.columns))
        beyond = trunk_of(case.model, sizes).beyond
        if beyond:
            its = ", ".join(f"{n}={getattr(sizes, n)}" for n in beyond)
            limits = ", ".join(f"{n}={getattr(SMALLEST, n)}" for n in beyond)
            return f"too large to compile unless asked for: {its}; up to {limits} by default"
    return ""


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by reverse accumulation; exact up to float64 rounding.

    Raises:
        Undecidable: forward mode finds another slope than the gradient says.
    """
    from . import program

    trunk = trunk_of(problem.model, sizes_of_problem(problem))
    answer = program.answer_of(trunk, flat_vector(problem, trunk))
    (loss, slope, noise), grads = answer[:3], answer[3:]
    _compare_modes(slope, grads, program.direction(len(grads)), noise)
    places = places_of(trunk)
    shapes = {n: problem.inputs[n].shape for n in problem.differentiated}
    return float(loss), {n: places[n].real(grads, s).reshape(s) for n, s in shapes.items()}, None


def _compare_modes(slope: float, grads: Array, signs: Array, noise: float) -> None:
    """Raise unless the forward slope along `signs` is that of the gradient, up to rounding.

    `noise` is the size of terms that may cancel inside the loss, where both have only rounding.
    A gradient that overflowed is for the caller to see; sizes that did allow anything.
    """
    allowed = AGREEMENT * (np.abs(grads).sum() + noise)
    if not np.isfinite(grads).all() or not np.isfinite(allowed):
        return
    expected = float(grads @ signs)
    if not np.isfinite(slope):
        raise Undecidable(
            "forward mode of JAX leaves the range of float64 on this case: nothing confirms what "
            "reverse mode finds"
        )
    if not abs(slope - expected) <= allowed:
        raise Undecidable(
            f"JAX contradicts itself: along a fixed direction forward mode finds the slope "
            f"{slope:.17g}, reverse mode {expected:.17g}; rounding does not explain that."
        )
