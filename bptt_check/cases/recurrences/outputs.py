"""What a recurrence returns, by name: an array, or any nest of tuples, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ...errors import SpecError, quoted

OUTPUT = "output"
"""The name of what is returned; a part of it is `output[1]` or `output.state`."""


def named_outputs(returned: Any) -> dict[str, Any]:
    """Every array of what was returned, by its place; None is no output.

    Raises:
        SpecError: something is neither an array nor a nest of arrays, or there is none.
    """
    named = dict(_leaves(returned, OUTPUT))
    if not named:
        raise SpecError("nothing was returned: a recurrence returns an array, or a nest of arrays.")
    return named


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        yield place, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _leaves(child, f"{place}.{key}")
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for key in type(value).__dict__["_fields"]:
            yield from _leaves(getattr(value, key), f"{place}.{key}")
    elif isinstance(value, tuple | list):
        for n, child in enumerate(value):
            yield from _leaves(child, f"{place}[{n}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), f"{place}.{field.name}")
    elif isinstance(value, int | float | complex):
        yield place, value
    else:
        raise SpecError(
            f"{place} is {quoted(value)}: a recurrence returns arrays, or tuples, lists and dicts "
            "of them."
        )


def with_arrays(returned: Any, arrays: Mapping[str, Any], place: str = OUTPUT) -> Any:
    """The nest that was returned, with other arrays in the places of its own, by their names."""
    if returned is None or place in arrays:
        return arrays.get(place)
    if isinstance(returned, Mapping):
        return {k: with_arrays(v, arrays, f"{place}.{k}") for k, v in returned.items()}
    if isinstance(returned, tuple) and hasattr(returned, "_fields"):
        keys = type(returned).__dict__["_fields"]
        pairs = zip(keys, returned, strict=True)
        return type(returned)(*(with_arrays(v, arrays, f"{place}.{k}") for k, v in pairs))
    if isinstance(returned, tuple | list):
        children = (with_arrays(v, arrays, f"{place}[{n}]") for n, v in enumerate(returned))
        return type(returned)(children)
    return None
