"""Which entry is wrong, where only a sum over many entries was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..cases.types import Array
from .differencing.differences import (
    Differenced,
    DirectionSlope,
    EntrySlopes,
    Index,
    signs_of_entry,
    slope_of_signs,
)
from .differencing.noise import Noise
from .judge import budgets_of, directions_over_budget, entries_over_budget
from .point import Arrays, Point


def find_entries(
    of: Differenced, point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> dict[str, EntrySlopes]:
    """The slopes with one wrong entry more, for each gradient that is wrong in sum alone.

    Args:
        of: what was differenced.
        point: where the gradients were asked for.
        grads: the gradients.
        measured: by differences.
        noise: of the function at the point.
    """
    known = (point, grads, measured, noise)
    directions, entries = directions_over_budget(*known), entries_over_budget(*known)
    rounding = budgets_of(point, grads, noise, None)
    found = dict(measured)
    for name, slopes in measured.items():
        if directions[name] and not entries[name]:
            worst = slopes.directions[directions[name][0]]
            index = _bisected(of, name, grads[name], worst, rounding.of(name))
            signs = signs_of_entry(grads[name], index)
            slope = slope_of_signs(of, name, signs)
            found[name] = replace(slopes, entries={**slopes.entries, index: slope})
    return found


def _bisected(
    of: Differenced, name: str, grad: Array, direction: DirectionSlope, rounding: Array
) -> Index:
    """An entry of a direction that is over budget: half of it is over budget, and half of that."""
    inside = np.flatnonzero(direction.signs)
    while len(inside) > 1:
        half = inside[: len(inside) // 2]
        signs = np.zeros(grad.shape)
        signs.flat[half] = direction.signs.flat[half]
        slope = slope_of_signs(of, name, signs)
        got = float((signs * grad).sum())
        budget = slope.bound + float((np.abs(signs) * rounding).sum())
        is_over = abs(got - slope.nearest(got)) > budget
        inside = half if is_over else inside[len(half) :]
    return tuple(map(int, np.unravel_index(inside[0], grad.shape)))
