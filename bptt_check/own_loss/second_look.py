"""The last question before a gradient is called wrong: can the measured derivative be believed?

Only entries and directions that would fail are asked about, the worst of each gradient first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..verdicts.verdict import Reason
from .differencing.differences import (
    Differenced,
    DirectionSlope,
    EntrySlopes,
    Index,
    line_along,
    signs_of_entry,
)
from .differencing.fine_scale import confirmed
from .differencing.noise import Noise
from .differencing.slope import Slope, unknown
from .judge import directions_over_budget, entries_over_budget
from .point import Arrays, Point

MOST = 4
"""Entries of a gradient that are looked at again; where half of them do not stand, none does."""


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
    return {
        name: replace(
            slopes,
            entries={**slopes.entries, **_entries(of, name, slopes, entries[name])},
            directions=_directions(of, name, slopes, directions[name]),
        )
        for name, slopes in measured.items()
    }


def _entries(
    of: Differenced, name: str, slopes: EntrySlopes, over: list[Index]
) -> dict[Index, Slope]:
    """What becomes of the entries that are over budget."""
    array = of.call.point.params[name]
    lines = ({name: signs_of_entry(array, index)} for index in over)
    found = _asked(of, lines, [slopes.entries[index] for index in over])
    return dict(zip(over, found, strict=True))


def _directions(
    of: Differenced, name: str, slopes: EntrySlopes, over: list[int]
) -> tuple[DirectionSlope, ...]:
    """The directions, with what becomes of those that are over budget."""
    lines = ({name: slopes.directions[k].signs} for k in over)
    found = _asked(of, lines, [slopes.directions[k].slope for k in over])
    asked = dict(zip(over, found, strict=True))
    return tuple(
        replace(direction, slope=asked.get(k, direction.slope))
        for k, direction in enumerate(slopes.directions)
    )


def _asked(of: Differenced, lines: Iterable[Arrays], slopes: list[Slope]) -> list[Slope]:
    """Slopes along lines after a look at finer steps."""
    if not of.has_digits:
        return [unknown(Reason.NO_DIGITS, of.noise) for _ in slopes]
    asked = [
        confirmed(line_along(of.call, signs), of.loss, slope, of.noise)
        for signs, slope in zip(lines, slopes[:MOST], strict=False)
    ]
    doubtful = [s for s in asked if s.reason_kind is Reason.VARIES_BELOW_STEPS]
    if doubtful and 2 * len(doubtful) >= len(asked):
        return [doubtful[0]] * len(slopes)
    return asked + slopes[MOST:]
