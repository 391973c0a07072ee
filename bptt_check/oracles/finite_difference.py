"""Central differences with one Richardson extrapolation, and a bound for every entry.

`D(s) = (L(x+s) - L(x-s)) / 2s = L' + O(s^2)`; `R = (4 D(s/2) - D(s)) / 3 = L' + O(s^4)` (Richardson
1911). The bound has two parts: `|R - D(s/2)|`, which is the error of the worse of the two, and the
rounding of the loss divided by the step. Needs nothing but the forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..cases.case import Case
from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.difference_step import difference_step
from ..equations.directional import Along, MovedInputs, by_direction
from ..equations.namespaces.recording import Recording
from ..equations.network import Problem, losses
from ..equations.perturbation import by_perturbation, losses_of_copies
from ..equations.truncation import forward_steps
from . import Gradients

SAFETY = 8.0
"""Rounding errors allowed for one difference of losses, in typical ones of one loss."""


FARTHEST = 2.0**-10
"""Farthest that all entries together move a pre-activation: the loss bends many times as much."""

NUDGE = 2.0**-30
"""Offset that tells how fast pre-activations move."""

KINKED = ("relu", "where")
"""Functions with a kink."""

FEW_STEPS = 32
"""Steps of all layers, directions and windows that a case of smooth functions may have."""


def too_large(case: Case) -> str:
    """Why a case is not measured unless asked for; empty if it is.

    A long one takes many forward passes, and complex step needs one; not of relu.
    """
    steps = forward_steps(case)
    if steps <= FEW_STEPS or case.model.activation == "relu":
        return ""
    return f"left to complex step unless asked for: {steps} steps, {FEW_STEPS} by default"


def gradients(problem: Problem) -> Gradients:
    """Loss, gradients, bounds; an entry whose step crosses a kink has an infinite bound.

    On a kink there are two derivatives, one to each side: the answer is their mean, its bound
    reaches to both.
    """
    here = _here(problem)
    measured = {
        n: by_perturbation(
            n, problem.inputs, lambda moved: _slopes(problem, here, moved, here.step)
        )
        for n in problem.differentiated
    }
    return here.loss, *_parted(measured)


def slopes_along(problem: Problem, along: Along) -> Gradients:
    """Loss, slopes along directions, bounds; each direction has a step of its own."""
    here = _here(problem)

    def slopes(moved: MovedInputs, count: int) -> tuple[Array, Array]:
        return _slopes(problem, here, moved, _steps(problem, here, moved, count))

    return here.loss, *_parted(by_direction(problem, along, 4, slopes))


@dataclass(frozen=True, eq=False)
class _Here:
    """The point around which losses are taken.

    Args:
        losses: of each sequence, (B,), `scatter` their rounding in units.
        step: for a single entry.
        calls: what entered each nonlinear function, in order.
    """

    losses: Array
    scatter: Array
    step: float
    calls: Sequence[tuple[str, Array]]

    @property
    def loss(self) -> float:
        """Of the problem."""
        return float(self.losses.sum())


def _here(problem: Problem) -> _Here:
    xp = Recording()
    loss = losses(xp, problem, problem.inputs)
    step, scatter = difference_step(problem)
    return _Here(loss, scatter, step, xp.calls)


def _parted(measured: Mapping[str, Sequence[Array]]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Slopes and bounds by name."""
    return {n: slope for n, (slope, _) in measured.items()}, {
        n: bound for n, (_, bound) in measured.items()
    }


def _slopes(
    problem: Problem, here: _Here, moved: Callable[..., dict[str, Array]], step: float | Array
) -> tuple[Array, Array]:
    """Slope and bound of every row, [R, B]; a step for all or for each, (R, 1)."""
    xp = Recording(*KINKED)
    rows = losses_of_copies(xp, problem, moved(step, -step, step / 2, -step / 2))
    up, down, half_up, half_down = np.split(rows, 4)
    slope, bound = _central((up - down) / (2.0 * step), (half_up - half_down) / step)
    right = _one_sided(here.losses, half_up, up, step)
    left = _one_sided(here.losses, half_down, down, -step)
    between = (right[0] + left[0]) / 2.0
    reaching = np.abs(right[0] - left[0]) / 2.0 + np.maximum(right[1], left[1])
    crossed, on_kink = _kinks(_sides(here.calls), _sides(xp.calls), rows.shape)
    noise = SAFETY * PRECISIONS["float64"].unit * here.scatter / step
    bound = np.where(on_kink, reaching + 4.0 * noise, np.where(crossed, np.inf, bound))
    return np.where(on_kink, between, slope), bound + 4.0 * noise


def _steps(problem: Problem, here: _Here, moved: MovedInputs, count: int) -> Array:
    """A step along each of R directions that goes neither far nor, if it can, over a kink, (R, 1).

    All entries move at once, and some kink is always near: the step is half the way to the nearest.
    """
    xp = Recording()
    losses(xp, problem, moved(NUDGE))
    step = np.full(count, here.step)
    for (name, z), (_, nudged) in zip(here.calls, xp.calls, strict=True):
        if nudged.ndim == z.ndim or name == "where":  # the directions have no part in it
            continue
        speed = np.abs(nudged - z) / NUDGE
        room = np.full_like(z, FARTHEST)
        if name == "relu":
            room = np.where(z == 0, room, np.minimum(np.abs(z) / 2.0, room))
        with np.errstate(divide="ignore"):
            step = np.minimum(step, (room / speed).min(axis=(1, 2)))
    return step[:, None]


def _central(coarse: Array, fine: Array) -> tuple[Array, Array]:
    """The extrapolation of two central differences, and its distance from the better one."""
    extrapolated = fine + (fine - coarse) / 3.0
    return extrapolated, np.abs(extrapolated - fine)


def _one_sided(here: Array, half: Array, full: Array, step: float | Array) -> tuple[Array, Array]:
    """`(4 L(s/2) - 3 L(0) - L(s)) / s = L' + O(s^2)`, and its distance from the simple quotient."""
    slope = (4.0 * half - 3.0 * here - full) / step
    return slope, np.abs(slope - (half - here) / (step / 2.0))


def _sides(calls: Sequence[tuple[str, Array]]) -> list[Array]:
    """On which side of its kink every relu was: -1, 1, or 0 on the kink; so for every choice, but
    that nobody knows where its kink is.
    """
    return [np.sign(z) for name, z in calls if name in KINKED]


def _kinks(here: list[Array], sides: list[Array], shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Where a kink lies between the points [P, B], and where the only ones lie on the middle."""
    entries = (shape[0] // 4, *shape[1:])
    crossed, astray = np.zeros(entries, dtype=bool), np.zeros(entries, dtype=bool)
    for middle, side in zip(here, sides, strict=True):
        if side.ndim <= 2 or len(side) != shape[0]:  # the entries have no part in it
            continue
        up, down, half_up, half_down = np.split(side, 4)
        moved = up != down
        crossed |= moved.any(axis=-1)
        apart = (middle != 0) | (half_up != up) | (half_down != down)
        astray |= (moved & apart).any(axis=-1)
    return crossed, crossed & ~astray
