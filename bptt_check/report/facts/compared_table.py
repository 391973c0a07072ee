"""A wrong gradient of a case as three tables: what came, what is right, and the difference."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ...runs.errors.compared_arrays import ComparedArray
from ..called import base_name
from ..grouping import plural

AXES = {
    "W_xh": ("unit", "x"), "W_hh": ("unit", "h"), "W_hy": ("y", "h"), "b_y": ("y",),
    "x": ("step", "sequence", "x"), "h0": ("layer", "sequence", "h"),
    "c0": ("layer", "sequence", "c"),
}  # fmt: skip
"""What the axes of an array of the contract count; of any other numbers stand alone."""
TITLES = ("got", "expected", "difference")


@dataclass(frozen=True)
class ShownNumber:
    """A number as it is shown, in full, and whether it is over budget."""

    text: str
    exact: str
    over: bool


Row = tuple[str, tuple[ShownNumber, ...]]
"""A heading and the numbers of a row."""


@dataclass(frozen=True)
class ComparedTable:
    """What is shown of one gradient.

    Args:
        called: by its reader.
        oracle: that says what is right.
        columns: headings of the columns.
        matrices: title to its rows, each with its heading.
        left: how many rows are left out, which are less far off.
    """

    called: str
    oracle: str
    columns: tuple[str, ...]
    matrices: tuple[tuple[str, tuple[Row, ...]], ...]
    left: int = 0

    @property
    def note(self) -> str:
        """What is to be known to read it."""
        part = f"; {plural(self.left, 'more row')} less far off" if self.left else ""
        return f"expected by {self.oracle}{part}"


def compared_table(array: ComparedArray) -> ComparedTable:
    """The tables of a gradient."""
    width = array.shape[-1] if len(array.shape) > 1 else 1
    headings = _row_headings(array)
    rows = [headings[n] for n in array.rows] if array.rows else headings
    differences = [g - w for g, w in zip(array.got, array.want, strict=True)]
    over = set(array.over)
    matrices = tuple(
        (title, tuple(zip(rows, _cells(values, over, width), strict=True)))
        for title, values in zip(TITLES, (array.got, array.want, differences), strict=True)
    )
    columns = _column_headings(array, width)
    left = len(headings) - len(rows)
    return ComparedTable(array.called, array.oracle, columns, matrices, left)


def _cells(values: Sequence[float], over: set[int], width: int) -> list[tuple[ShownNumber, ...]]:
    cells = [ShownNumber(f"{v:.6g}", repr(v), n in over) for n, v in enumerate(values)]
    starts = range(0, len(cells), max(width, 1))
    return [tuple(cells[start : start + width]) for start in starts]


def _row_headings(array: ComparedArray) -> list[str]:
    """What each row is, by all axes but the last; of a vector, each entry."""
    leading = range(max(len(array.shape) - 1, 1))
    places = itertools.product(*(range(array.shape[axis]) for axis in leading))
    return [", ".join(filter(None, (_counted(array, *at) for at in enumerate(p)))) for p in places]


def _column_headings(array: ComparedArray, width: int) -> tuple[str, ...]:
    if len(array.shape) < 2:
        return ("",)
    return tuple(_counted(array, len(array.shape) - 1, n) for n in range(width))


def _counted(array: ComparedArray, axis: int, number: int) -> str:
    """What an index along an axis is: a gate and a unit of it, or what the contract's axis counts;
    nothing where it is none of the contract's.
    """
    ours, names = array.axes[axis], AXES.get(base_name(array.parameter), ())
    gated = [n for n, k in enumerate(array.axes) if k == 0] if array.gates else []
    if gated and axis == gated[0]:
        units = array.shape[axis] // len(array.gates)
        gate, unit = array.gates[number // units], number % units
        return f"{gate} {unit}" if len(gated) == 1 else gate
    if ours < 0:
        return ""
    return f"{names[ours]} {number}" if ours < len(names) else str(number)


def table_lines(table: ComparedTable, columns: int = 80) -> list[str]:
    """The tables as text: beside each other where so many columns of a screen hold them, else one
    below the other, in parts where one is too wide; a star marks what is over budget.
    """
    blocks = [_block(title, rows, table.columns, columns) for title, rows in table.matrices]
    heading = f"{table.called}, {table.note}; * is over budget"
    widths = [max(map(len, block)) for block in blocks]
    heights = {len(block) for block in blocks}
    if sum(widths) + 3 * (len(blocks) - 1) > columns or len(heights) > 1:
        return [heading, *(line for block in blocks for line in block)]
    beside = zip(*blocks, strict=True)
    return [heading, *(" | ".join(map(str.ljust, parts, widths)).rstrip() for parts in beside)]


def _block(title: str, rows: Sequence[Row], columns: Sequence[str], screen: int) -> list[str]:
    """A matrix below its title; what does not fit on the screen follows, with the headings of its
    rows again.
    """
    texts = [[heading, *(_starred(one) for one in numbers)] for heading, numbers in rows]
    texts = [["", *(f"{name} " for name in columns)], *texts] if any(columns) else texts
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = [title]
    for part in _parts(widths, screen):
        chosen = [0, *part]
        lines += ["  ".join(line[n].rjust(widths[n]) for n in chosen).rstrip() for line in texts]
    return lines


def _parts(widths: Sequence[int], screen: int) -> list[list[int]]:
    """The columns but the first, in parts that fit on a screen beside it; at least one in each."""
    parts: list[list[int]] = []
    for n, width in enumerate(widths[1:], start=1):
        used = widths[0] + sum(2 + widths[k] for k in parts[-1]) if parts else screen
        if used + 2 + width > screen:
            parts.append([])
        parts[-1].append(n)
    return parts


def _starred(one: ShownNumber) -> str:
    return one.text + ("*" if one.over else " ")
