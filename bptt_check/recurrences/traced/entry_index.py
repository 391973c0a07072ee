"""Which entries of an array an index names, where samples lie along a further first axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...cases.types import Array


class EntryIndex:
    """Entries of an array that a user's index names.

    Args:
        key: the index, as a tuple.
        basic: whether it is of integers and slices alone.
        repeats: whether an entry may be named twice.
    """

    __slots__ = ("basic", "key", "repeats")

    def __init__(self, key: tuple[Any, ...], basic: bool, repeats: bool = False) -> None:
        self.basic, self.repeats = basic, repeats
        if basic:
            self.key: Any = (slice(None), *key)
        else:  # where arrays stand apart NumPy puts their axes first, where the samples would be
            self.key = (*key, slice(None)) if any(k is Ellipsis for k in key) else key

    def of(self, value: Array) -> Array:
        """The entries: a view where the index is basic."""
        if self.basic:
            return value[self.key]
        return np.ascontiguousarray(_samples_first(_samples_last(value)[self.key]))

    def put(self, value: Array, entries: Any) -> None:
        """Write entries [samples, ...], or a number, into an array that nobody else has."""
        if self.basic:
            target = value[self.key]
            target[...] = entries if isinstance(entries, float) else aligned(entries, target.ndim)
        else:
            last = entries if isinstance(entries, float) else _samples_last(entries)
            _samples_last(value)[self.key] = last

    def added_up(self, shape: tuple[int, ...], entries: Array) -> Array:
        """Zeros of a shape to which the entries are added, those named twice as well."""
        total = np.zeros(shape, entries.dtype)
        np.add.at(_samples_last(total), self.key, _samples_last(entries))
        return total


def _samples_last(value: Array) -> Array:
    return value.transpose(*range(1, value.ndim), 0)


def _samples_first(value: Array) -> Array:
    return value.transpose(value.ndim - 1, *range(value.ndim - 1))


def aligned(value: Array, ndim: int) -> Array:
    """The array with so many axes: those that broadcasting adds stand behind the samples'."""
    if value.ndim == ndim:
        return value
    if value.ndim < ndim:
        return value.reshape(len(value), *(1,) * (ndim - value.ndim), *value.shape[1:])
    return value.reshape(len(value), *value.shape[1 + value.ndim - ndim :])
