"""Central differences with one Richardson extrapolation, and a bound for every entry.

`D(s) = (L(x+s) - L(x-s)) / 2s = L' + O(s^2)`; `R = (4 D(s/2) - D(s)) / 3 = L' + O(s^4)` (Richardson
1911). The bound has two parts: `|R - D(s/2)|`, which is the error of the worse of the two, and the
rounding of the loss divided by the step. Needs nothing but the forward pass.
"""

from __future__ import annotations

import numpy as np

from ..arrays import NumPy
from ..network import Problem, losses
from ..roundoff import UNIT, loss_scatter_and_reach
from . import Array, Gradients
from ._perturb import Perturb, by_perturbation

STEP = 2.0**-12
"""Balances the bound's parts for values of size 1: (s/2)^2/6 = 2.5e-9, 1e-16/s = 5e-13."""
REACH = 2.0**-4
"""Farthest that a step may move a pre-activation; beyond that, two steps agree by chance."""
SAFETY = 8.0
"""Rounding errors allowed for one difference of losses, in typical ones of one loss."""


class WithSides(NumPy):
    """NumPy that remembers on which side of its kink every relu was."""

    def __init__(self) -> None:
        self.sides: list[Array] = []

    def relu(self, z: Array) -> Array:
        self.sides.append(z > 0)
        return super().relu(z)


def gradients(problem: Problem) -> Gradients:
    """Loss, gradients, bounds; an entry whose step crosses a kink has an infinite bound."""
    loss = losses(NumPy(), problem, problem.inputs)
    step, scatter = step_of(problem)
    noise = SAFETY * UNIT["float64"] * scatter / step

    def slopes(perturb: Perturb) -> tuple[Array, Array]:
        coarse, fine, crossed = _differences(problem, perturb, step)
        extrapolated = fine + (fine - coarse) / 3.0
        bound = np.abs(extrapolated - fine) + 4.0 * noise
        return extrapolated, np.where(crossed, np.inf, bound)

    found = {n: by_perturbation(n, problem.inputs, slopes) for n in problem.wanted}
    grads = {n: pair[0] for n, pair in found.items()}
    return float(loss.sum()), grads, {n: pair[1] for n, pair in found.items()}


def step_of(problem: Problem) -> tuple[float, Array]:
    """The step for a problem, and the rounding of each sequence's loss in units, (B,)."""
    scatter, reach = loss_scatter_and_reach(problem)
    return (min(STEP, REACH / reach) if reach else STEP), scatter


def _differences(problem: Problem, perturb: Perturb, step: float) -> tuple[Array, Array, Array]:
    """Central differences [P, B] with a step and with half of it, in one forward pass.

    The third array says whether a kink lies between their points, where they mean nothing.
    """
    xp = WithSides()
    rows = losses(xp, problem, perturb(step, -step, step / 2, -step / 2))
    up, down, half_up, half_down = np.split(rows, 4)
    crossed = np.zeros(up.shape, dtype=bool)
    for side in xp.sides:
        if len(side) == len(rows) and side.ndim > 2:  # else the entries have no part in it
            above, below, *_ = np.split(side, 4)
            crossed |= np.any(above != below, axis=-1)
    return (up - down) / (2.0 * step), (half_up - half_down) / step, crossed
