"""What is recorded of code that runs: values, how each came about, and the way back.

Every array here has the samples along its first axis, which is of length 1 where all samples are
alike. Reverse accumulation is as in `equations.tape`; what it has besides is parts that are written
into, whose gradients need no array of full size for each write.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic
from .entry_index import EntryIndex, aligned
from .numbers import FLOATS, Numbers

Pull = Callable[[Array], Array]
Parents = tuple[tuple["Recorded", Pull], ...]


class Trace:
    """The record of one run.

    Args:
        arithmetic: how results are rounded.
        samples: how many runs at once.
        dtype: of all values, float64 or complex128.
        functions: NumPy's functions and ufuncs, and ours that does the same on arrays of ours.
        numbers: what values are made of.
    """

    def __init__(
        self,
        arithmetic: Arithmetic,
        samples: int,
        dtype: str,
        functions: Mapping[Any, Any],
        numbers: Numbers = FLOATS,
    ) -> None:
        self.arithmetic, self.samples, self.dtype = arithmetic, samples, np.dtype(dtype)
        self.functions, self.numbers = functions, numbers
        self._nodes: list[Recorded] = []
        self.entries = 0
        """Of all values that were computed, of one sample: what the record holds at most."""

    def derived(self, shape: tuple[int, ...], parents: Parents) -> Recorded:
        """A value that was computed from these, each with the way back of a cotangent."""
        node = Recorded(shape, parents)
        if parents:
            self._nodes.append(node)
            self.entries += math.prod(shape)
        return node

    def part(self, whole: Recorded, shape: tuple[int, ...], place: EntryIndex) -> Recorded:
        """Some entries of a value."""
        if not whole.active:
            return Recorded(shape, ())
        part = RecordedPart(shape, whole, place)
        self._nodes.append(part)
        return part

    def written(self, before: Recorded, place: EntryIndex, new: Recorded | None) -> Recorded:
        """A value into which `new` was written; None is a constant."""
        new = new if new is not None and new.active else None
        if new is None and not before.active:
            return Recorded(before.shape, ())
        written = RecordedWrite(before, place, new)
        self._nodes.append(written)
        return written

    def backward(self, seeds: list[tuple[Recorded, Array]]) -> None:
        """Fill the bars of all leaves that the values depend on, given their cotangents; once."""
        for node, seed in seeds:
            if node.active:
                node.receive(self, seed)
        while self._nodes:
            node = self._nodes.pop()  # what is done with gives its memory to what comes
            if node.bar is not None:
                node.push(self, node.bar)
                node.bar = None


class Recorded:
    """What a value was computed from, and its cotangent. The value itself lives as long as
    somebody needs it.

    Args:
        shape: of the value, without the samples.
        parents: with the way back to each; none of a constant.
    """

    __slots__ = ("active", "bar", "looked_into", "owns_bar", "parents", "shape")

    def __init__(self, shape: tuple[int, ...], parents: Parents, active: bool = False) -> None:
        self.shape, self.parents = shape, parents
        self.active = active or bool(parents)
        self.bar: Array | None = None
        self.owns_bar = False
        self.looked_into: set[int] | None = None
        """Places along the first axis whose bars came, if those are all that came."""

    def push(self, trace: Trace, bar: Array) -> None:
        """Hand the cotangent on to what the value was computed from."""
        for parent, pull in self.parents:
            parent.receive(trace, pull(bar))

    def receive(self, trace: Trace, share: Array) -> None:
        """Add a share of the cotangent. Zeros are added without rounding where there may be many:
        where only parts had a share.
        """
        if share.shape[1:] != self.shape:
            share = _folded(trace.arithmetic, share, self.shape)
        if self.bar is None:
            self.bar, self.owns_bar = share, False
            return
        add = _added if self.owns_bar else _added_everywhere
        self.bar, self.looked_into = add(trace.arithmetic, self.bar, share), None

    def own_bar(self, trace: Trace) -> Array:
        """The cotangent as an array that nobody else has, of all samples."""
        if self.bar is None:
            shape = (trace.samples, *self.shape)
            self.bar, self.owns_bar = np.zeros(shape, trace.numbers.stored), True
            self.looked_into = set()
        elif not self.owns_bar or len(self.bar) < trace.samples:
            bar = np.empty((trace.samples, *self.shape), trace.numbers.stored)
            bar[...] = self.bar
            self.bar, self.owns_bar, self.looked_into = bar, True, None
        return self.bar

    def is_new(self, place: EntryIndex) -> bool:
        """Whether nothing came yet for a place, as far as can be told without a look."""
        step = place.key[1] if place.basic and len(place.key) > 1 else None
        if self.looked_into is None or type(step) is not int or step < 0:
            self.looked_into = None
            return False
        if step in self.looked_into:
            return False
        if len(place.key) == 2:
            self.looked_into.add(step)
        else:
            self.looked_into = None  # only a part of this step: others may follow
        return True


class RecordedPart(Recorded):
    """Some entries of a value. Its cotangent flows into those alone, and rounds no others."""

    __slots__ = ("place", "whole")

    def __init__(self, shape: tuple[int, ...], whole: Recorded, place: EntryIndex) -> None:
        self.shape, self.whole, self.place = shape, whole, place
        self.active, self.owns_bar = True, False
        self.bar = self.looked_into = None

    def push(self, trace: Trace, bar: Array) -> None:
        """Hand the cotangent on to the value that this is a part of."""
        place = self.place
        if place.repeats:
            self._push_repeated(trace, bar)
            return
        whole = self.whole.own_bar(trace)
        if not self.whole.is_new(place):
            before = place.of(whole)
            if before.any():
                bar = _added(trace.arithmetic, before, bar)
        if place.basic:
            whole[place.key] = bar
        else:
            place.put(whole, bar)

    def _push_repeated(self, trace: Trace, bar: Array) -> None:
        """Add up what flows into entries that are named twice; of those named once it is exact."""
        shape = (len(bar), *self.whole.shape)
        total = self.place.added_up(shape, bar)
        times = self.place.added_up((1, *self.whole.shape), np.ones((1, *bar.shape[1:])))
        size = self.place.added_up(shape, np.abs(bar)) * np.sqrt(times)
        rounded = trace.arithmetic.absolute(total, size)
        share = np.where(times > 1, rounded, total)
        before = self.whole.own_bar(trace)
        self.whole.looked_into = None
        before[...] = _added(trace.arithmetic, before, share)


class RecordedWrite(Recorded):
    """A value some entries of which were written."""

    __slots__ = ("before", "new", "place")

    def __init__(self, before: Recorded, place: EntryIndex, new: Recorded | None) -> None:
        super().__init__(before.shape, (), active=True)
        self.before, self.place, self.new = before, place, new

    def push(self, trace: Trace, bar: Array) -> None:
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


def _added_everywhere(arithmetic: Arithmetic, bar: Array, share: Array) -> Array:
    return arithmetic.relative(bar + share)


def _added(arithmetic: Arithmetic, bar: Array, share: Array) -> Array:
    """A sum that is exact where one of both is zero."""
    total = bar + share
    rounded = arithmetic.relative(total)
    return rounded if rounded is total else np.where((bar == 0) | (share == 0), total, rounded)


def _folded(arithmetic: Arithmetic, bar: Array, shape: tuple[int, ...]) -> Array:
    """The sum of `bar` over the axes along which a value of this shape was broadcast."""
    extra = bar.ndim - 1 - len(shape)
    if extra > 0:
        bar = _total(arithmetic, bar, tuple(range(1, 1 + extra)), False)
    elif extra < 0:  # written where axes of length 1 were dropped
        return aligned(bar, 1 + len(shape))
    axes = tuple(i for i, n in enumerate(shape, 1) if n == 1 != bar.shape[i])
    return _total(arithmetic, bar, axes, True) if axes else bar


def _total(arithmetic: Arithmetic, terms: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """A sum; of one term each it is exact."""
    if math.prod(terms.shape[i] for i in axes) == 1:
        return terms.sum(axes, keepdims=keepdims)
    return arithmetic.total(terms, axes, keepdims)
