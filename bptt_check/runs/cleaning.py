"""Texts that can do no harm where they are shown.

Whatever a subject called its things, or a file from elsewhere says, can be written to a terminal,
a page or a file: a run is cleaned when it is made and when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_INVISIBLE = "\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_UNSAFE = re.compile(f"[{_CONTROL}{_INVISIBLE}]")
_UNSAFE_IN_A_LINE = re.compile(f"[{_CONTROL}{_INVISIBLE}\t\n]")


def clean(text: str, lines: bool = False) -> str:
    """Text in which control characters, direction marks and lone surrogates stand as escapes.

    They would reach a terminal as commands, reverse what is read, or fail to be written at all.
    Line breaks stay only with `lines`.
    """
    pattern = _UNSAFE if lines else _UNSAFE_IN_A_LINE
    return pattern.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def cleaned(record: T) -> T:
    """A record with every text in it clean, however deep; lines stay where they are meant.

    Args:
        record: a frozen dataclass of texts, numbers, tuples, mappings and such records.
    """
    assert is_dataclass(record)
    assert not isinstance(record, type)
    values = {f.name: _clean(getattr(record, f.name), **f.metadata) for f in fields(record)}
    return replace(record, **values)


def _clean(value: Any, lines: bool = False) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else clean(value, lines)
    if isinstance(value, tuple):
        texts = (_clean(v, lines) for v in value)
        return type(value)(*texts) if hasattr(value, "_fields") else tuple(texts)
    if isinstance(value, Mapping):
        return {_clean(k): _clean(v, lines) for k, v in value.items()}
    return cleaned(value) if is_dataclass(value) else value
