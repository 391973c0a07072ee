"""The step of a finite difference: as far as rounding and curvature of a problem let it go."""

from __future__ import annotations

import functools

import numpy as np

from ..cases.types import Array
from .arithmetics.rounding_model import FLOAT64
from .arithmetics.scatter import scatter_of
from .conditioning import rounded_forward
from .network import Problem

STEP = 2.0**-12
"""Balances the bound's parts for values of size 1: (s/2)^2/6 = 2.5e-9, 1e-16/s = 5e-13."""

REACH = 2.0**-4
"""Farthest that a step may move a pre-activation; beyond that, two steps agree by chance."""


@functools.lru_cache(maxsize=64)
def difference_step(problem: Problem) -> tuple[float, Array]:
    """The step for a problem, and the rounding of each sequence's loss in units, (B,).

    Remembered, as it is asked for again by every curve of difference quotients.
    """
    scatter, reach = _loss_scatter_and_reach(problem)
    return (min(STEP, REACH / reach) if reach else STEP), scatter


def _loss_scatter_and_reach(problem: Problem) -> tuple[Array, float]:
    """Scatter of each sequence's loss in float64, per unit roundoff, and how far relative changes
    of 1 would move a pre-activation.

    The latter is the amplification of the forward pass: a change of all values by a relative `s`
    moves what enters a nonlinearity by up to about `s` times this, which is what limits the step
    of a finite difference.
    """
    _, loss, _ = rounded_forward(problem, FLOAT64)
    reach = max((float(np.ptp(z, axis=0).max()) for z in loss.tape.nonlinear_inputs), default=0.0)
    return scatter_of(loss.value, FLOAT64.unit), reach / FLOAT64.unit
