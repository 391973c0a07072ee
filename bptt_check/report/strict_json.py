"""Strict JSON, in which there is no NaN and no infinity: strings stand for them, "nan", "inf" and
"-inf", in fields that hold numbers, and nowhere else.
"""

from __future__ import annotations

import math
from typing import Any


def encoded(data: Any) -> bytes:
    """JSON types as JSON, without spaces."""
    import msgspec

    return msgspec.json.encode(data)


def strict(value: Any) -> Any:
    """A value of JSON types, however deep, with the strings for the numbers that JSON lacks; a
    verdict is its string.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {name: strict(inner) for name, inner in value.items()}
    return [strict(inner) for inner in value] if isinstance(value, list | tuple) else value
