"""Central differences with one Richardson extrapolation, and a bound for every entry.

`D(s) = (L(x+s) - L(x-s)) / 2s = L' + O(s^2)`; `R = (4 D(s/2) - D(s)) / 3 = L' + O(s^4)` (Richardson
1911). The bound has two parts: `|R - D(s/2)|`, which is the error of the worse of the two, and the
rounding of the loss divided by the step. Needs nothing but the forward pass.
"""

from __future__ import annotations

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.conditioning import difference_step
from ..equations.namespaces.recording import Recording
from ..equations.network import Problem, losses
from ..equations.perturbation import Perturb, by_perturbation
from . import Gradients

SAFETY = 8.0
"""Rounding errors allowed for one difference of losses, in typical ones of one loss."""


def gradients(problem: Problem) -> Gradients:
    """Loss, gradients, bounds; an entry whose step crosses a kink has an infinite bound.

    On a kink there are two derivatives, one to each side: the answer is their mean, its bound
    reaches to both.
    """
    here = Recording("relu")
    loss = losses(here, problem, problem.inputs)
    sides = _sides(here)
    step, scatter = difference_step(problem)
    noise = SAFETY * PRECISIONS["float64"].unit * scatter / step

    def slopes(perturb: Perturb) -> tuple[Array, Array]:
        xp = Recording("relu")
        rows = losses(xp, problem, perturb(step, -step, step / 2, -step / 2))
        up, down, half_up, half_down = np.split(rows, 4)
        slope, bound = _central((up - down) / (2.0 * step), (half_up - half_down) / step)
        right, left = _one_sided(loss, half_up, up, step), _one_sided(loss, half_down, down, -step)
        between = (right[0] + left[0]) / 2.0
        reaching = np.abs(right[0] - left[0]) / 2.0 + np.maximum(right[1], left[1])
        crossed, on_kink = _kinks(sides, _sides(xp), rows.shape)
        bound = np.where(on_kink, reaching + 4.0 * noise, np.where(crossed, np.inf, bound))
        return np.where(on_kink, between, slope), bound + 4.0 * noise

    measured = {n: by_perturbation(n, problem.inputs, slopes) for n in problem.differentiated}
    grads = {n: pair[0] for n, pair in measured.items()}
    return float(loss.sum()), grads, {n: pair[1] for n, pair in measured.items()}


def _central(coarse: Array, fine: Array) -> tuple[Array, Array]:
    """The extrapolation of two central differences, and its distance from the better one."""
    extrapolated = fine + (fine - coarse) / 3.0
    return extrapolated, np.abs(extrapolated - fine)


def _one_sided(here: Array, half: Array, full: Array, step: float) -> tuple[Array, Array]:
    """`(4 L(s/2) - 3 L(0) - L(s)) / s = L' + O(s^2)`, and its distance from the simple quotient."""
    slope = (4.0 * half - 3.0 * here - full) / step
    return slope, np.abs(slope - (half - here) / (step / 2.0))


def _sides(xp: Recording) -> list[Array]:
    """On which side of its kink every relu was: -1, 1, or 0 on the kink."""
    return [np.sign(z) for z in xp.arguments("relu")]


def _kinks(here: list[Array], sides: list[Array], shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Where a kink lies between the points [P, B], and where the only ones lie on the middle."""
    entries = (shape[0] // 4, *shape[1:])
    crossed, astray = np.zeros(entries, dtype=bool), np.zeros(entries, dtype=bool)
    for middle, side in zip(here, sides, strict=True):
        if len(side) != shape[0] or side.ndim <= 2:  # the entries have no part in it
            continue
        up, down, half_up, half_down = np.split(side, 4)
        moved = up != down
        crossed |= moved.any(axis=-1)
        apart = (middle != 0) | (half_up != up) | (half_down != down)
        astray |= (moved & apart).any(axis=-1)
    return crossed, crossed & ~astray
