"""Records whose texts can do no harm where they are shown: a run is cleaned when it is made and
when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from ..errors import clean, cut

T = TypeVar("T")


def cleaned(record: T) -> T:
    """A record with every text in it clean, however deep; lines stay where they are meant, and are
    not cut: they may be code.

    Args:
        record: a frozen dataclass of texts, numbers, tuples, mappings and such records.
    """
    assert is_dataclass(record)
    assert not isinstance(record, type)
    values = {f.name: _clean(getattr(record, f.name), **f.metadata) for f in fields(record)}
    return replace(record, **values)


def _clean(value: Any, lines: bool = False) -> Any:
    if isinstance(value, float | int):  # first: a record has a thousand numbers for a text
        return value
    if isinstance(value, str):
        return value if isinstance(value, Enum) else _text(value, lines)
    if isinstance(value, tuple):
        texts = (_clean(v, lines) for v in value)
        return type(value)(*texts) if hasattr(value, "_fields") else tuple(texts)
    if isinstance(value, Mapping):
        return {_clean(k): _clean(v, lines) for k, v in value.items()}
    return cleaned(value) if is_dataclass(value) else value


def _text(text: str, lines: bool) -> str:
    return clean(text, lines=True) if lines else cut(clean(text))
