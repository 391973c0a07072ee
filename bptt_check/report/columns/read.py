"""Tables of columns as records. A table may come from anywhere: what does not fit is refused with
its place, and nothing becomes larger than a `run.json` may be.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...errors import clean, enumerated, quoted
from ..strict_json import encoded
from .levels import numbers_of_levels

MOST_EXPANDED = 2**27
"""Bytes of the records of all tables of a run, were each written out."""


@dataclass
class Expansion:
    """How many bytes records may still have, were they written out."""

    left: int = MOST_EXPANDED

    def take(self, size: int, place: str) -> None:
        """Use some of them.

        Raises:
            ValueError: there are not as many left.
        """
        self.left -= size
        if self.left < 0:
            raise ValueError(f"{place}: its tables hold more than {MOST_EXPANDED:,} bytes")


def records_of(table: Any, place: str, expansion: Expansion) -> list[Any]:
    """The records of a table, which `written.table_of` has made.

    Args:
        table: of JSON types.
        place: where it is, for errors.
        expansion: is used up.

    Raises:
        ValueError: it is no such table, or too large. Says where.
    """
    length, columns = _parts(table, ("length", "columns"), place)
    if not _is_count(length) or not isinstance(columns, dict | list) or (length and not columns):
        raise ValueError(f"{place} is no table: {quoted(length)} records of {quoted(columns)}")
    names = [*columns] if isinstance(columns, dict) else [*range(len(columns))]
    expansion.take(length * sum(len(f"{name}") + 4 for name in names), place)
    places = [f"{place}.{clean(f'{name}')}" for name in names]
    values = [
        _column(columns[name], length, at, expansion)
        for name, at in zip(names, places, strict=True)
    ]
    if isinstance(columns, list):
        return [[*entry] for entry in zip(*values, strict=True)]
    return [dict(zip(names, entry, strict=True)) for entry in zip(*values, strict=True)]


def _column(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    """The values of a column, as many as there are records."""
    values = column
    if isinstance(column, dict):
        reader = next((FORMS[name] for name in column if name in FORMS), None)
        if reader is None:
            raise ValueError(f"{place} has no form of a column: {quoted(column)}")
        values = reader(column, length, place, expansion)
    if not isinstance(values, list) or len(values) != length:
        size = f"{len(values):,}" if isinstance(values, list) else "no list of"
        raise ValueError(f"{place} has {size} values for {length:,} records")
    return values


def _every(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    (value,) = _parts(column, ("every",), place)
    expansion.take(length * len(encoded(value)), place)
    return [value] * length


def _distinct(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    values, places = _parts(column, ("values", "places"), place)
    if not isinstance(values, list) or not _are_counts(places):
        raise ValueError(f"{place} has no lists of values and places")
    if (last := max(places, default=-1)) >= len(values):
        raise ValueError(f"{place} has {len(values):,} values and none at {quoted(last)}")
    sizes = [len(encoded(value)) for value in values]
    expansion.take(sum(sizes[at] for at in places), place)
    return [values[at] for at in places]


def _stretches(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    values, counts = _parts(column, ("values", "counts"), place)
    if not isinstance(values, list) or not _are_counts(counts) or len(values) != len(counts):
        raise ValueError(f"{place} has no list of values with a count for each")
    if sum(counts) != length:
        raise ValueError(f"{place} has {quoted(sum(counts))} values for {length:,} records")
    expansion.take(
        sum(n * len(encoded(value)) for n, value in zip(counts, values, strict=True)), place
    )
    return [value for n, value in zip(counts, values, strict=True) for value in [value] * n]


def _several(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    """A list of records for each."""
    lengths, table = _parts(column, ("lengths", "entries"), place)
    lengths = _column(lengths, length, place, expansion)
    if not _are_counts(lengths):
        raise ValueError(f"{place} has lengths that are none")
    return _split(records_of(table, place, expansion), lengths, place)


def _optional(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    """A record or nothing for each."""
    present, table = _parts(column, ("present", "entries"), place)
    present = _column(present, length, place, expansion)
    if not all(isinstance(value, bool) for value in present):
        raise ValueError(f"{place} is present in ways other than true and false")
    found = _split(records_of(table, place, expansion), [int(value) for value in present], place)
    return [entry[0] if entry else None for entry in found]


def _split(entries: list[Any], lengths: list[int], place: str) -> list[list[Any]]:
    if sum(lengths) != len(entries):
        raise ValueError(
            f"{place} has {len(entries):,} entries for lengths of {quoted(sum(lengths))}"
        )
    rest = iter(entries)
    return [[*itertools.islice(rest, count)] for count in lengths]


def _drawn(column: Any, length: int, place: str, expansion: Expansion) -> list[Any]:
    (texts,) = _parts(column, ("levels",), place)
    return numbers_of_levels(texts, place)


FORMS: dict[str, Callable[[Any, int, str, Expansion], list[Any]]] = {
    "every": _every,
    "places": _distinct,
    "counts": _stretches,
    "lengths": _several,
    "present": _optional,
    "levels": _drawn,
}
"""What only one form of a column has, to what reads it."""


def _parts(value: Any, names: tuple[str, ...], place: str) -> tuple[Any, ...]:
    """The values of an object that has these names and no others."""
    if not isinstance(value, dict) or {*value} != {*names}:
        raise ValueError(f"{place} is no object of {enumerated(names)}: {quoted(value)}")
    return tuple(value[name] for name in names)


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(map(_is_count, values))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
