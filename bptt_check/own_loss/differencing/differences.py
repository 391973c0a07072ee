"""The derivative of a function's own loss in every entry, or in as many as may be asked for.

One difference costs two calls, one entry a ladder of them. Where an array has more entries than
the calls allow, entries are drawn, and random-sign directions over all the others see whether
anything is wrong among them; which is which is part of the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...cases.types import Array
from ...verdicts.verdict import Reason
from ..point import Arrays, Caller, Point, TotalTimeOver
from .noise import large_changes, root_mean_square
from .slope import RUNGS, LossAlongLine, Slope, slope, unknown

Index = tuple[int, ...]

CALLS_PER_SLOPE = 2 * RUNGS
"""Calls of the function for one derivative, as a rule."""
DIRECTION_COUNT = 8
NOT_MEASURED = unknown(Reason.NOT_MEASURED)


@dataclass(frozen=True, eq=False)
class DirectionSlope:
    """A derivative over many entries at once: signs (0 where an entry has no part) and slope."""

    signs: Array
    slope: Slope


@dataclass(frozen=True, eq=False)
class EntrySlopes:
    """What differences say about one gradient: of single entries, and of the rest in sum."""

    entries: dict[Index, Slope]
    directions: tuple[DirectionSlope, ...] = ()


def choose_entries(point: Point, calls: int, rng: np.random.Generator) -> dict[str, list[Index]]:
    """Which entries of each array are measured: all of them if the calls suffice.

    Otherwise small arrays come whole and the large ones share what is left.
    """
    left = calls // CALLS_PER_SLOPE
    asked = {n: np.flatnonzero(point.asked(n)) for n in point.params}
    if sum(map(len, asked.values())) > left:
        left -= DIRECTION_COUNT * len(asked)
    chosen: dict[str, list[Index]] = {}
    for rank, name in enumerate(sorted(asked, key=lambda n: len(asked[n]))):
        count = min(len(asked[name]), max(1, left // (len(asked) - rank)))
        left -= count
        flat = np.sort(rng.choice(asked[name], count, replace=False))
        shape = point.params[name].shape
        chosen[name] = [tuple(map(int, np.unravel_index(i, shape))) for i in flat]
    return {name: chosen[name] for name in point.params}


@dataclass(frozen=True, eq=False)
class Differenced:
    """What is differenced: a function at its point, its loss there, and the noise of one loss.

    `has_digits` says that the shortest distances leave something of the loss.
    """

    call: Caller
    loss: float
    noise: float
    has_digits: bool = True


def measure_slopes(
    of: Differenced,
    chosen: Mapping[str, Sequence[Index]],
    rng: np.random.Generator,
    on_entry: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, EntrySlopes]:
    """The slopes of the loss in the chosen entries, and along directions through all others.

    Where the total time is over, what was not measured has that as its reason.

    Args:
        of: what is differenced.
        chosen: entries to measure one by one, by name of their array.
        rng: draws the directions.
        on_entry: told how many of how many of them were measured.
    """
    left = {n: _directions(of, n, indices, rng) for n, indices in chosen.items()}
    slopes = {n: EntrySlopes(dict.fromkeys(c, NOT_MEASURED)) for n, c in chosen.items()}
    total, done = sum(map(len, chosen.values())), 0
    try:
        for name, directions in left.items():
            measured = [DirectionSlope(s, slope_of_signs(of, name, s)) for s in directions]
            slopes[name] = replace(slopes[name], directions=tuple(measured))
        for name, indices in chosen.items():
            array = of.call.point.params[name]
            for index in indices:
                signs = signs_of_entry(array, index)
                slopes[name].entries[index] = slope_of_signs(of, name, signs)
                done += 1
                on_entry(done, total)
    except TotalTimeOver:
        pass
    return slopes


def _directions(
    of: Differenced, name: str, indices: Sequence[Index], rng: np.random.Generator
) -> list[Array]:
    """Random signs for the entries that are not measured one by one; none if there are none."""
    rest = of.call.point.asked(name).astype(np.float64)
    rest[tuple(np.transpose(indices))] = 0.0
    count = DIRECTION_COUNT if np.any(rest) else 0
    return [rest * rng.choice((-1.0, 1.0), rest.shape) for _ in range(count)]


def slope_of_signs(of: Differenced, name: str, signs: Array) -> Slope:
    """The slope along signs of one array, with steps of the size of the entries that move."""
    return slope_along(of, {name: signs}, scale_of_signs(of.call.point.params[name], signs))


def scale_of_signs(array: Array, signs: Array) -> float:
    """An offset along signs that changes the entries that move by about their own size."""
    sizes = large_changes(array)[signs != 0.0]
    return root_mean_square(sizes) / math.sqrt(len(sizes))


def signs_of_entry(array: Array, index: Index) -> Array:
    """The direction in which one entry alone moves."""
    signs = np.zeros(array.shape)
    signs[index] = 1.0
    return signs


def slope_along(of: Differenced, signs: Arrays, scale: float, base: Arrays | None = None) -> Slope:
    """The slope of the loss when all arrays in `signs` move by an offset times their signs.

    `base` has the values to start from where these are not those of the point.
    """
    return slope(line_along(of.call, signs, base), of.loss, scale, of.noise)


def line_along(call: Caller, signs: Arrays, base: Arrays | None = None) -> LossAlongLine:
    """The loss when all arrays in `signs` move by an offset times their signs."""
    start = {n: (base or call.point.params)[n] for n in signs}

    def line(offset: float) -> tuple[float, float]:
        moved = {n: (a + offset * signs[n]).astype(a.dtype) for n, a in start.items()}
        rest = {n: a for n, a in (base or {}).items() if n not in moved}
        return call.loss({**rest, **moved}), _moved_by(start, moved, signs)

    return line


def _moved_by(start: Arrays, moved: Arrays, signs: Arrays) -> float:
    """The offset that arrays got in their dtype, on average over the entries that move."""
    parts = [(moved[n].astype(np.float64) - start[n]) * signs[n] for n in signs]
    return math.fsum(float(p.sum()) for p in parts) / sum(
        float(np.abs(s).sum()) for s in signs.values()
    )
