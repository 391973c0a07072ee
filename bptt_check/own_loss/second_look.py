"""The last question before a gradient is called wrong: can the measured derivative be believed?

Entries and directions that would fail are asked about, the worst of each gradient first, and
gradients that are zero where every difference is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..verdicts.verdict import Reason
from .differencing.differences import (
    Differenced,
    DirectionSlope,
    EntrySlopes,
    Index,
    line_along,
    scale_of_signs,
    signs_of_entry,
)
from .differencing.fine_scale import confirmed
from .differencing.noise import Noise
from .differencing.plateau import Expected, beyond_plateau
from .differencing.slope import Slope, unknown
from .judge import directions_over_budget, entries_over_budget
from .point import Arrays, Point

MOST = 4
"""Entries of a gradient that are looked at again; where half of them do not stand, none does."""


@dataclass(frozen=True, eq=False)
class _Asked:
    """A line along signs of one array, what was measured on it and what the gradient says."""

    signs: Arrays
    slope: Slope
    expected: Expected


def look_again(
    of: Differenced, point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> dict[str, EntrySlopes]:
    """The measured slopes, with a reason instead of a value where what would fail has none.

    Args:
        of: what was differenced.
        point: where the gradients were asked for.
        grads: the gradients.
        measured: by differences.
        noise: of the function at the point.
    """
    known = (point, grads, measured, noise)
    entries, directions = entries_over_budget(*known), directions_over_budget(*known)
    seen: dict[str, EntrySlopes] = {}
    for name, slopes in measured.items():
        zeros = _zeros(grads[name], slopes)
        asked = [_of_entry(of, grads, slopes, name, i) for i in entries[name] or zeros[:MOST]]
        found = _looked_at(of, asked)
        if zeros and found:  # they are all alike
            doubt = _doubt(found, Reason.PLATEAU)
            found = [doubt or slopes.entries[i] for i in zeros]
        seen[name] = replace(
            slopes,
            entries={**slopes.entries, **dict(zip(entries[name] or zeros, found, strict=True))},
            directions=_directions(of, grads, slopes, name, directions[name]),
        )
    return seen


def _zeros(grad: Array, slopes: EntrySlopes) -> list[Index]:
    """The measured entries of a gradient that is zero, where every slope is; else none."""
    flat = all(s.low == s.high == 0.0 and np.isfinite(s.bound) for s in slopes.entries.values())
    return list(slopes.entries) if flat and not np.any(grad) else []


def _of_entry(
    of: Differenced, grads: Arrays, slopes: EntrySlopes, name: str, index: Index
) -> _Asked:
    signs = signs_of_entry(grads[name], index)
    return _asked(of, grads, name, signs, slopes.entries[index])


def _asked(of: Differenced, grads: Arrays, name: str, signs: Array, slope: Slope) -> _Asked:
    point = of.call.point
    largest = max(float(np.abs(a).max()) for a in point.params.values())
    return _Asked(
        {name: signs},
        slope,
        Expected(
            slope=float((signs * grads[name]).sum()),
            farthest=scale_of_signs(point.params[name], signs),
            rounding=PRECISIONS[point.dtype].unit * largest,
        ),
    )


def _directions(
    of: Differenced,
    grads: Arrays,
    slopes: EntrySlopes,
    name: str,
    over: list[int],
) -> tuple[DirectionSlope, ...]:
    """The directions, with what becomes of those that are over budget."""
    those = [slopes.directions[k] for k in over]
    found = _looked_at(of, [_asked(of, grads, name, d.signs, d.slope) for d in those])
    seen = dict(zip(over, found, strict=True))
    return tuple(
        replace(direction, slope=seen.get(k, direction.slope))
        for k, direction in enumerate(slopes.directions)
    )


def _looked_at(of: Differenced, asked: Sequence[_Asked]) -> list[Slope]:
    """Slopes along lines after a look at finer steps, and beyond a plateau at coarser ones."""
    if not of.has_digits:
        return [unknown(Reason.NO_DIGITS, of.noise) for _ in asked]
    found: list[Slope] = []
    for one in asked[:MOST]:
        line = line_along(of.call, one.signs)
        slope = beyond_plateau(line, of.loss, one.slope, one.expected)
        found.append(confirmed(line, of.loss, slope, of.noise))
    if doubt := _doubt(found, Reason.VARIES_BELOW_STEPS):
        return [doubt] * len(asked)
    doubt = _doubt(found, Reason.PLATEAU)
    return found + [doubt or one.slope for one in asked[MOST:]]


def _doubt(found: Sequence[Slope], reason: Reason) -> Slope | None:
    """What stands for other entries, too, where half of what was looked at has this reason."""
    doubtful = [s for s in found if s.reason_kind is reason]
    return doubtful[0] if doubtful and 2 * len(doubtful) >= len(found) else None
