"""What is recorded of code that runs: values, how each came about, and the way back.

Every array here has the samples along its first axis, which is of length 1 where all samples are
alike. Reverse accumulation is as in `equations.tape`; what it has besides is parts that are written
into, whose gradients need no array of full size for each write.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic

Pull = Callable[[Array], Array]
Parents = tuple[tuple["TracedValue", Pull], ...]


class Trace:
    """The record of one run.

    Args:
        arithmetic: how results are rounded.
        samples: how many runs at once.
        dtype: of all values, float64 or complex128.
        functions: NumPy's functions and ufuncs, and ours that does the same on arrays of ours.
    """

    def __init__(
        self, arithmetic: Arithmetic, samples: int, dtype: str, functions: Mapping[Any, Any]
    ) -> None:
        self.arithmetic, self.samples, self.dtype = arithmetic, samples, np.dtype(dtype)
        self.functions = functions
        self.values: list[TracedValue] = []

    def leaf(self, value: Any, active: bool = False) -> TracedValue:
        """A value that enters: an input, or with `active` False a constant."""
        leaf = TracedValue(np.asarray(value, self.dtype)[np.newaxis], ())
        leaf.active = active
        return leaf

    def derived(self, value: Array, parents: Parents) -> TracedValue:
        """A value that was computed from these, each with the way back of a cotangent."""
        derived = TracedValue(value, parents)
        if parents:
            self.values.append(derived)
        return derived

    def part(self, whole: TracedValue, value: Array, place: Place) -> TracedValue:
        """Some entries of a value, which were copied if the value may be written into."""
        if not whole.active:
            return TracedValue(value, ())
        part = TracedPart(value, whole, place)
        self.values.append(part)
        return part

    def written(
        self, value: Array, before: TracedValue, place: Place, new: TracedValue | None
    ) -> TracedValue:
        """A value into which `new` was written; None is a constant."""
        new = new if new is not None and new.active else None
        if new is None and not before.active:
            return TracedValue(value, ())
        written = TracedWrite(value, before, place, new)
        self.values.append(written)
        return written

    def backward(self, seeds: list[tuple[TracedValue, Array]]) -> None:
        """Fill the bars of all leaves that the values depend on, given their cotangents."""
        for value, seed in seeds:
            if value.active:
                value.receive(self, seed)
        for value in reversed(self.values):
            if value.bar is not None:
                value.push(self)
                value.bar = None


class Place:
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
            self.key = (slice(None), *key)
        else:  # where arrays stand apart NumPy puts their axes first: the samples are out of the way
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
        total = np.zeros(shape)
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


class TracedValue:
    """A value, what it was computed from, and its cotangent."""

    __slots__ = ("active", "bar", "owns_bar", "parents", "value")

    def __init__(self, value: Array, parents: Parents) -> None:
        self.value, self.parents = value, parents
        self.active = bool(parents)
        self.bar: Array | None = None
        self.owns_bar = False

    def push(self, trace: Trace) -> None:
        """Hand the cotangent on to what the value was computed from."""
        bar = cast("Array", self.bar)
        for parent, pull in self.parents:
            parent.receive(trace, pull(bar))

    def receive(self, trace: Trace, share: Array) -> None:
        """Add a share of the cotangent. Zeros are added without rounding where there may be many:
        where only parts had a share.
        """
        shape = self.value.shape
        if share.shape[1:] != shape[1:]:
            share = _folded(trace.arithmetic, share, shape)
        if self.bar is None:
            self.bar, self.owns_bar = share, False
            return
        total = self.bar + share
        rounded = trace.arithmetic.relative(total)
        if self.owns_bar and rounded is not total:
            rounded = np.where((self.bar == 0) | (share == 0), total, rounded)
        self.bar = rounded

    def own_bar(self, trace: Trace) -> Array:
        """The cotangent as an array that nobody else has, of all samples."""
        if self.bar is None or not self.owns_bar or len(self.bar) < trace.samples:
            bar = np.zeros((trace.samples, *self.value.shape[1:]))
            if self.bar is not None:
                bar += self.bar
            self.bar, self.owns_bar = bar, True
        return self.bar


class TracedPart(TracedValue):
    """Some entries of a value. Its cotangent flows into those alone, and rounds no others."""

    __slots__ = ("place", "whole")

    def __init__(self, value: Array, whole: TracedValue, place: Place) -> None:
        super().__init__(value, ())
        self.whole, self.place, self.active = whole, place, True

    def push(self, trace: Trace) -> None:
        """Hand the cotangent on to the value that this is a part of."""
        bar = cast("Array", self.bar)
        if self.place.repeats:
            shape = (len(bar), *self.whole.value.shape[1:])
            size = self.place.added_up(shape, np.abs(bar))
            total = self.place.added_up(shape, bar)
            # an entry that is named once is exact: the sum of sizes has one term there
            times = self.place.added_up((1, *shape[1:]), np.ones((1, *bar.shape[1:])))
            rounded = trace.arithmetic.absolute(total, size * np.sqrt(times))
            self.whole.receive(trace, np.where(times > 1, rounded, total))
            return
        whole = self.whole.own_bar(trace)
        before = self.place.of(whole)
        if before.any():
            bar = trace.arithmetic.relative(before + bar)
        self.place.put(whole, bar)


class TracedWrite(TracedValue):
    """A value some entries of which were written; the array is that of the value before, if nobody
    else had it.
    """

    __slots__ = ("before", "new", "place")

    def __init__(
        self, value: Array, before: TracedValue, place: Place, new: TracedValue | None
    ) -> None:
        super().__init__(value, ())
        self.before, self.place, self.new, self.active = before, place, new, True

    def push(self, trace: Trace) -> None:
        """Hand on what flowed into the entries to what was written, the rest to the value before,
        in the same array.
        """
        bar = self.own_bar(trace)
        if self.new is not None:
            share = self.place.of(bar).copy()
            if share.any():
                self.new.receive(trace, share)
        if self.before.active:
            self.place.put(bar, 0.0)
            if self.before.bar is None:
                self.before.bar, self.before.owns_bar = bar, True
            else:
                self.before.receive(trace, bar)


def _folded(arithmetic: Arithmetic, bar: Array, shape: tuple[int, ...]) -> Array:
    """The sum of `bar` over the axes along which a value of this shape was broadcast."""
    extra = bar.ndim - len(shape)
    if extra > 0:
        bar = _total(arithmetic, bar, tuple(range(1, 1 + extra)), False)
    elif extra < 0:  # written where axes of length 1 were dropped
        return aligned(bar, len(shape))
    axes = tuple(i for i in range(1, len(shape)) if shape[i] == 1 != bar.shape[i])
    return _total(arithmetic, bar, axes, True) if axes else bar


def _total(arithmetic: Arithmetic, terms: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """A sum; of one term each it is exact."""
    if math.prod(terms.shape[i] for i in axes) == 1:
        return terms.sum(axes, keepdims=keepdims)
    return arithmetic.total(terms, axes, keepdims)
