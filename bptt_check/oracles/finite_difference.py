"""Central differences with one Richardson extrapolation, and a bound for every entry.

`D(s) = (L(x+s) - L(x-s)) / 2s = L' + O(s^2)`; `R = (4 D(s/2) - D(s)) / 3 = L' + O(s^4)` (Richardson
1911). The bound has two parts: `|R - D(s/2)|`, which is the error of the worse of the two, and the
rounding of the loss divided by the step. Needs nothing but the forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.cells import is_built_in
from ..equations.difference_step import difference_step
from ..equations.directional import Along, by_direction
from ..equations.namespaces.copies import Copies, MovedCopies
from ..equations.namespaces.of_copies import NumPyOfMoved
from ..equations.namespaces.recording import Recording
from ..equations.network import Problem, losses
from ..equations.perturbation import Displacement, Displacements, all_rows, by_entry, plain_copies
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

    def slopes(changes: Displacements, count: int) -> tuple[Array, Array]:
        return _slopes(problem, here, changes, np.full((count, 1), here.step))

    return here.loss, *_parted(by_entry(problem, 4, slopes))


def slopes_along(problem: Problem, along: Along) -> Gradients:
    """Loss, slopes along directions, bounds; each direction has a step of its own."""
    here = _here(problem)

    def slopes(changes: Displacements, count: int) -> tuple[Array, Array]:
        return _slopes(problem, here, changes, _steps(problem, here, changes, count))

    return here.loss, *_parted(by_direction(problem, along, 4, slopes))


class _RecordingOfMoved(Recording, NumPyOfMoved):
    """A record of moved copies, too."""


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


def _moved(problem: Problem, changes: Mapping[str, Displacement], count: int) -> dict[str, Any]:
    """The inputs of that many rows; a cell of the user's may do anything with its arrays."""
    if not is_built_in(problem.model):
        return dict(plain_copies(problem.inputs, changes, count))
    moved: dict[str, Any] = dict(problem.inputs)
    for name, change in changes.items():
        base = np.atleast_2d(problem.inputs[name])
        moved[name] = MovedCopies(base, base + change.added, change.first)
    return moved


def _slopes(
    problem: Problem, here: _Here, changes: Displacements, step: Array
) -> tuple[Array, Array]:
    """Slope and bound of every move, [R, B], each with a step of its own, (R, 1)."""
    xp, count = _RecordingOfMoved(*KINKED), 4 * len(step)
    moved = _moved(problem, changes(step, -step, step / 2, -step / 2), count)
    rows = all_rows(losses(xp, problem, moved), count)
    up, down, half_up, half_down = _of_points(rows)
    slope, bound = _central((up - down) / (2.0 * step), (half_up - half_down) / step)
    right = _one_sided(here.losses, half_up, up, step)
    left = _one_sided(here.losses, half_down, down, -step)
    between = (right[0] + left[0]) / 2.0
    reaching = np.abs(right[0] - left[0]) / 2.0 + np.maximum(right[1], left[1])
    crossed, on_kink = _kinks(here.calls, xp.calls, up.shape)
    noise = SAFETY * PRECISIONS["float64"].unit * here.scatter / step
    bound = np.where(on_kink, reaching + 4.0 * noise, np.where(crossed, np.inf, bound))
    return np.where(on_kink, between, slope), bound + 4.0 * noise


def _of_points(rows: Array) -> Array:
    """Rows of moves by four steps each, [R*4, ...], step by step: [4, R, ...]."""
    return rows.reshape(-1, 4, *rows.shape[1:]).swapaxes(0, 1)


def _steps(problem: Problem, here: _Here, changes: Displacements, count: int) -> Array:
    """A step along each of R directions that goes neither far nor, if it can, over a kink, (R, 1).

    All entries move at once, and some kink is always near: the step is half the way to the nearest.
    """
    xp = _RecordingOfMoved()
    losses(xp, problem, _moved(problem, changes(NUDGE), count))
    step = np.full(count, here.step)
    for (name, z), (_, entered) in zip(here.calls, xp.calls, strict=True):
        nudged, first = _rows_of(entered, z)
        if not len(nudged) or name == "where":  # the directions have no part in it
            continue
        way = nudged - z
        room = np.full_like(z, FARTHEST)
        if name == "relu":
            room = np.where(z == 0, room, np.minimum(np.abs(z) / 2.0, room))
        with np.errstate(divide="ignore"):
            own = step[first : first + len(nudged)]
            np.minimum(own, NUDGE / np.abs(way / room).max(axis=(1, 2)), out=own)
    return step[:, None]


def _rows_of(entered: Any, here: Array) -> tuple[Array, int]:
    """The rows that what entered a function has of its own, [rows, ...], and the first's number.

    Args:
        entered: an array, with copies or without.
        here: the same where nothing moves.
    """
    if isinstance(entered, Copies):
        return entered.rows, entered.first
    return (entered if entered.ndim > here.ndim else entered[None][:0]), 0


def _central(coarse: Array, fine: Array) -> tuple[Array, Array]:
    """The extrapolation of two central differences, and its distance from the better one."""
    extrapolated = fine + (fine - coarse) / 3.0
    return extrapolated, np.abs(extrapolated - fine)


def _one_sided(here: Array, half: Array, full: Array, step: float | Array) -> tuple[Array, Array]:
    """`(4 L(s/2) - 3 L(0) - L(s)) / s = L' + O(s^2)`, and its distance from the simple quotient."""
    slope = (4.0 * half - 3.0 * here - full) / step
    return slope, np.abs(slope - (half - here) / (step / 2.0))


Calls = Sequence[tuple[str, Any]]


def _kinks(here: Calls, moved: Calls, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Where a kink lies between the points [R, B], and where the only ones lie on the middle.

    On which side of its kink every relu was is known: -1, 1, or 0 on the kink; so for every choice,
    but that nobody knows where its kink is.
    """
    crossed, astray = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    of_here = [z for name, z in here if name in KINKED]
    for z, (_, entered) in zip(of_here, moved, strict=True):
        rows, first = _rows_of(entered, z)
        middle, (up, down, half_up, half_down) = np.sign(z), _of_points(np.sign(rows))
        own = slice(first // 4, first // 4 + len(up))
        across = up != down
        crossed[own] |= across.any(axis=-1)
        apart = (middle != 0) | (half_up != up) | (half_down != down)
        astray[own] |= (across & apart).any(axis=-1)
    return crossed, crossed & ~astray
