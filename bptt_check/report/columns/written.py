"""Records of one kind as a table of columns, each in the shortest of a few forms."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ..strict_json import encoded, strict
from .levels import text_of_levels

DRAWN = ("errors", "by_length.2")
"""Columns whose numbers are only drawn: errors in budgets, of entries, steps and lengths."""


def table_of(records: Sequence[Any], name: str = "") -> dict[str, Any]:
    """The table of records, in strict JSON types, which `read.records_of` reads.

    Args:
        records: dicts with the same names, or lists of the same length, of JSON types.
        name: of the column whose entries they are.
    """
    if records and isinstance(records[0], dict):
        columns: Any = {key: column_of(key, [r[key] for r in records]) for key in records[0]}
    else:
        by_place = enumerate(zip(*records, strict=True))
        columns = [column_of(f"{name}.{place}", [*values]) for place, values in by_place]
    return {"length": len(records), "columns": columns}


def column_of(name: str, values: Sequence[Any]) -> Any:
    """One value of each record."""
    if name in DRAWN:
        return {"levels": text_of_levels(values)}
    if any(isinstance(value, dict) for value in values):
        present = [value is not None for value in values]
        some = [value for value in values if value is not None]
        return {"present": _shortest(present), "entries": table_of(some, name)}
    if _hold_records(values):
        lengths = [len(value) for value in values]
        entries = [entry for value in values for entry in value]
        return {"lengths": _shortest(lengths), "entries": table_of(entries, name)}
    return _shortest(values)


def _hold_records(values: Sequence[Any]) -> bool:
    """Whether the values are lists of records, and there is one."""
    first = next((value[0] for value in values if isinstance(value, list | tuple) and value), None)
    return isinstance(first, dict | list | tuple)


def _shortest(values: Sequence[Any]) -> Any:
    """Plain values in the shortest form: one for all of them; each with how often it stands in a
    row; the different ones with their places; or as they are.
    """
    plain = strict(values)
    texts = [encoded(value) for value in plain]
    numbers: dict[bytes, int] = {}
    places = [numbers.setdefault(text, len(numbers)) for text in texts]
    if len(numbers) == 1:
        return {"every": plain[0]}
    different = [*dict(zip(texts, plain, strict=True)).values()]
    stretches = [(place, len([*equal])) for place, equal in itertools.groupby(places)]
    forms = (
        plain,
        {"values": different, "places": places},
        {
            "values": [different[place] for place, _ in stretches],
            "counts": [n for _, n in stretches],
        },
    )
    return min(forms, key=lambda form: len(encoded(form)))
