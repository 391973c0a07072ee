"""What a recurrence returns, by name: an array, or any nest of tuples, lists, dicts of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from numbers import Number
from typing import Any, cast

from ...errors import SpecError, quoted

OUTPUT = "output"
"""The name of what is returned."""


def named_outputs(returned: Any, whose: str = "the reference") -> dict[str, Any]:
    """The leaves of a nest of tuples, lists, dictionaries and dataclasses, by their places.

    A leaf is what has a `shape` and a `dtype`, of whichever framework, or a number. Places are
    `output`, `output[1]`, `output.state`, `output['log decay']`. What is None has no place.

    Args:
        returned: the nest.
        whose: in messages, which function it is of.

    Raises:
        SpecError: something else is in it, or nothing at all.
    """
    found = dict(_leaves(OUTPUT, returned, whose))
    if not found:
        raise SpecError(
            f"{whose} returned no array. Return an array, or a tuple, list, dict or"
            " dataclass of arrays."
        )
    return found


def _leaves(place: str, value: Any, whose: str) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if isinstance(value, Number) or (hasattr(value, "shape") and hasattr(value, "dtype")):
        yield place, value
        return
    for name, part in _parts(place, value, whose):
        yield from _leaves(name, part, whose)


def _parts(place: str, value: Any, whose: str = "the reference") -> Iterator[tuple[str, Any]]:
    """What a nest holds, with the place of each."""
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[Any, Any]", value).items():
            plain = isinstance(key, str) and key.isidentifier()
            yield f"{place}.{key}" if plain else f"{place}[{key!r}]", part
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield f"{place}.{field.name}", getattr(value, field.name)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):  # a named tuple
        for name in cast("Any", value)._fields:
            yield f"{place}.{name}", getattr(value, name)
    elif isinstance(value, (tuple, list)):
        for i, part in enumerate(cast("list[Any]", value)):
            yield f"{place}[{i}]", part
    else:
        kind = quoted(type(value).__name__)
        raise SpecError(
            f"{place} of {whose} is of type {kind}. Return an array, or a tuple, list, dict"
            " or dataclass of arrays."
        )


def with_arrays(returned: Any, arrays: Mapping[str, Any], place: str = OUTPUT) -> Any:
    """The nest that was returned, with other arrays in the places of its own, by their names."""
    if returned is None or place in arrays:
        return arrays.get(place)
    parts = [with_arrays(part, arrays, name) for name, part in _parts(place, returned)]
    if isinstance(returned, Mapping):
        return dict(zip(cast("Mapping[Any, Any]", returned), parts, strict=True))
    if dataclasses.is_dataclass(returned) and not isinstance(returned, type):
        names = [field.name for field in dataclasses.fields(returned)]
        return dataclasses.replace(returned, **dict(zip(names, parts, strict=True)))
    if hasattr(returned, "_fields"):
        return cast("Any", type(returned))(*parts)
    return cast("Any", type(returned))(parts)
