"""A wrong gradient of a case as three tables: what came, what is right, and the difference."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ...runs.errors.compared_arrays import ComparedArray
from ..called import base_name

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


@dataclass(frozen=True)
class ComparedTable:
    """What is shown of one gradient.

    Args:
        called: by its reader.
        oracle: that says what is right.
        columns: headings of the columns.
        matrices: title to its rows, each with its heading.
    """

    called: str
    oracle: str
    columns: tuple[str, ...]
    matrices: tuple[tuple[str, tuple[tuple[str, tuple[ShownNumber, ...]], ...]], ...]


def compared_table(array: ComparedArray) -> ComparedTable:
    """The tables of a gradient."""
    width = array.shape[-1] if len(array.shape) > 1 else 1
    rows = _row_headings(array)
    differences = [g - w for g, w in zip(array.got, array.want, strict=True)]
    over = set(array.over)
    matrices = tuple(
        (title, tuple(zip(rows, _cells(values, over, width), strict=True)))
        for title, values in zip(TITLES, (array.got, array.want, differences), strict=True)
    )
    return ComparedTable(array.called, array.oracle, _column_headings(array, width), matrices)


def _cells(values: Sequence[float], over: set[int], width: int) -> list[tuple[ShownNumber, ...]]:
    cells = [ShownNumber(f"{v:.6g}", repr(v), n in over) for n, v in enumerate(values)]
    starts = range(0, len(cells), max(width, 1))
    return [tuple(cells[start : start + width]) for start in starts]


def _row_headings(array: ComparedArray) -> list[str]:
    """Gate and unit of each row, or what else its leading axes count."""
    leading = array.shape[:-1] if len(array.shape) > 1 else array.shape
    if array.gates:
        units = prod(leading) // len(array.gates)
        return [f"{gate} {unit}" for gate in array.gates for unit in range(units)]
    names = AXES.get(base_name(array.parameter), ())
    places = itertools.product(*map(range, leading))
    return [", ".join(_counted(names, axis, n) for axis, n in enumerate(place)) for place in places]


def _column_headings(array: ComparedArray, width: int) -> tuple[str, ...]:
    if len(array.shape) < 2:
        return ("",)
    names = AXES.get(base_name(array.parameter), ())
    return tuple(_counted(names, len(array.shape) - 1, n) for n in range(width))


def _counted(names: Sequence[str], axis: int, number: int) -> str:
    return f"{names[axis]} {number}" if axis < len(names) else str(number)


def table_lines(table: ComparedTable, columns: int = 80) -> list[str]:
    """The tables as text: beside each other where so many columns of a screen hold them, else one
    below the other; a star marks what is over budget.
    """
    blocks = [_block(title, rows, table.columns) for title, rows in table.matrices]
    heading = f"{table.called}, expected by {table.oracle}; * is over budget"
    widths = [max(map(len, block)) for block in blocks]
    if sum(widths) + 3 * (len(blocks) - 1) > columns:
        return [heading, *(line for block in blocks for line in block)]
    beside = zip(*blocks, strict=True)
    return [heading, *(" | ".join(map(str.ljust, parts, widths)).rstrip() for parts in beside)]


def _block(
    title: str, rows: Sequence[tuple[str, tuple[ShownNumber, ...]]], columns: Sequence[str]
) -> list[str]:
    texts = [[heading, *(_starred(one) for one in numbers)] for heading, numbers in rows]
    texts = [["", *(f"{name} " for name in columns)], *texts] if any(columns) else texts
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return [title, *("  ".join(map(str.rjust, line, widths)) for line in texts)]


def _starred(one: ShownNumber) -> str:
    return one.text + ("*" if one.over else " ")
