"""Many copies of an array at once, most of which are alike: what they have in common is kept once.

A perturbed forward pass has a row for every copy of its inputs, and each row moves one input: of
the copies of a weight matrix few differ, and below the layer that a row moves nothing does.
`MovedCopies` holds the values of the rows that differ, `ComplexCopies` the imaginary parts of
complex copies that are infinitesimal: the real part is one for all. For what is written with `@ + -
*`, indices that start with an Ellipsis, `.mT`, `.reshape` and `.sum`, as the cells of this package
are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from ...cases.types import Array

Function = Callable[[Any, Any], Any]


NARROW = 32
"""Length of an axis from which on NumPy adds it up as fast as it multiplies by ones."""


def summed(array: Array) -> Array:
    """The sum along the last axis; where that is short, NumPy's own takes ten times as long."""
    width = array.shape[-1]
    return array @ np.ones(width) if width < NARROW else array.sum(axis=-1)


class Copies:
    """Copies of an array of which the rows [first, first + len(rows)) have something of their own.

    Args:
        base: what all copies have in common, [...].
        rows: what those rows have of their own, [rows, ...].
        first: the number of the first of them.
    """

    __slots__ = ("base", "first", "rows")
    __array_ufunc__ = None  # leaves operators to this class when NumPy's array stands on the left

    def __init__(self, base: Array, rows: Array, first: int) -> None:
        self.base, self.rows, self.first = base, rows, first

    @property
    def end(self) -> int:
        """The number of the row after the last one that has something of its own."""
        return self.first + len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one copy."""
        return self.base.shape

    @property
    def mT(self) -> Self:  # noqa: N802 - NumPy's name
        """The matrices transposed."""
        return type(self)(self.base.mT, self.rows.mT, self.first)

    def __getitem__(self, index: Any) -> Self:
        return type(self)(self.base[index], self.rows[index], self.first)

    def reshape(self, *shape: int) -> Self:
        """Every copy in that shape."""
        rows = self.rows.reshape(len(self.rows), *shape)
        return type(self)(self.base.reshape(shape), rows, self.first)

    def sum(self, axis: int) -> Self:
        """The sums along an axis, counted from the last one: -1, -2."""
        total = summed if axis == -1 else lambda array: array.sum(axis)
        return type(self)(total(self.base), total(self.rows), self.first)

    def within(self, first: int, end: int) -> Array:
        """The rows [first, end), which leave out none that has something of its own."""
        if first == self.first and end == self.end:
            return self.rows
        rows = np.empty((end - first, *self.base.shape))
        rows[...] = self._of_others()
        rows[self.first - first : self.end - first] = self.rows
        return rows

    def _of_others(self) -> Any:
        """What stands for a row that has nothing of its own."""
        return self.base

    def __neg__(self) -> Self:
        return type(self)(-self.base, -self.rows, self.first)

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __add__(self, other: Any) -> Any:
        raise NotImplementedError

    def __mul__(self, other: Any) -> Any:
        raise NotImplementedError


class MovedCopies(Copies):
    """Copies of which some rows have other values."""

    __slots__ = ()

    def each(self, function: Callable[[Array], Array]) -> MovedCopies:
        """A function of every copy, entry by entry or along the last axis."""
        return MovedCopies(function(self.base), function(self.rows), self.first)

    def __add__(self, other: Any) -> MovedCopies:
        return _of_two(operator.add, self, other)

    def __sub__(self, other: Any) -> MovedCopies:
        return _of_two(operator.sub, self, other)

    def __mul__(self, other: Any) -> MovedCopies:
        return _of_two(operator.mul, self, other)

    def __matmul__(self, other: Any) -> MovedCopies:
        return _of_two(_product, self, other)

    def __rmatmul__(self, other: Any) -> MovedCopies:
        return _of_two(_product, other, self)


class ComplexCopies(Copies):
    """Complex copies whose imaginary parts are so small that products of two of them vanish.

    `(a + iu)(b + iv) = ab + i(av + ub)`: the real part is the same in every row and kept once,
    `rows` are the imaginary parts. A row without one of its own is real.
    """

    __slots__ = ()

    def _of_others(self) -> float:
        return 0.0

    @property
    def real(self) -> Array:
        """The real part of every copy."""
        return self.base

    def __add__(self, other: Any) -> ComplexCopies:
        if isinstance(other, ComplexCopies):
            base = self.base + other.base
            return _added(base, self.first, self.rows, other.first, other.rows)
        base = self.base + other
        return ComplexCopies(base, _filling(base, self.rows), self.first)

    def __sub__(self, other: Any) -> ComplexCopies:
        return self + -other

    def __mul__(self, other: Any) -> ComplexCopies:
        return _bilinear(operator.mul, self, other)

    def __matmul__(self, other: Any) -> ComplexCopies:
        return _bilinear(_product, self, other)

    def __rmatmul__(self, other: Any) -> ComplexCopies:
        return _bilinear(_product, other, self)


def _product(a: Any, b: Any) -> Any:
    """`a @ b`, as one product of two matrices if `b` is one."""
    if a.ndim <= 2 or b.ndim > 2:
        return a @ b
    return (a.reshape(-1, a.shape[-1]) @ b).reshape(*a.shape[:-1], b.shape[-1])


def _of_two(function: Function, a: Any, b: Any) -> MovedCopies:
    """A function of two arrays, at least one of them moved copies, row by row."""
    if not isinstance(b, MovedCopies):
        return MovedCopies(function(a.base, b), function(a.rows, b), a.first)
    if not isinstance(a, MovedCopies):
        return MovedCopies(function(a, b.base), function(a, b.rows), b.first)

    base = function(a.base, b.base)
    first, end = min(a.first, b.first), max(a.end, b.end)
    if len(a.rows) == len(b.rows) == end - first:
        return MovedCopies(base, function(a.rows, b.rows), first)
    more, fewer = (a, b) if len(a.rows) >= len(b.rows) else (b, a)
    rows = np.empty((end - first, *base.shape))
    if len(more.rows) < end - first:
        rows[...] = base
    parts = (
        (more.first, more.end),
        (fewer.first, min(fewer.end, more.first)),
        (max(fewer.first, more.first), min(fewer.end, more.end)),
        (max(fewer.first, more.end), fewer.end),
    )
    for k, (low, high) in enumerate(parts):
        if low < high:
            of_a = a.base if k == 0 and a is fewer else _part(a, low, high)
            of_b = b.base if k == 0 and b is fewer else _part(b, low, high)
            rows[low - first : high - first] = function(of_a, of_b)
    return MovedCopies(base, rows, first)


def _part(copies: Copies, low: int, high: int) -> Array:
    """Rows [low, high), which are all held or none of them."""
    if low >= copies.end or high <= copies.first:
        return copies.base
    return copies.rows[low - copies.first : high - copies.first]


def _bilinear(function: Function, a: Any, b: Any) -> ComplexCopies:
    """A product of two arrays, at least one of them complex copies."""
    if not isinstance(b, ComplexCopies):
        base = function(a.base, b)
        return ComplexCopies(base, _filling(base, function(a.rows, b)), a.first)
    if not isinstance(a, ComplexCopies):
        base = function(a, b.base)
        return ComplexCopies(base, _filling(base, function(a, b.rows)), b.first)
    base = function(a.base, b.base)
    of_a, of_b = function(a.rows, b.base), function(a.base, b.rows)
    return _added(base, a.first, of_a, b.first, of_b, in_place=True)


def _added(
    base: Array, first_a: int, a: Array, first_b: int, b: Array, in_place: bool = False
) -> ComplexCopies:
    """Complex copies whose imaginary parts are two sets of rows together.

    Either set may be written to if it is `in_place`.
    """
    if len(a) < len(b):
        first_a, a, first_b, b = first_b, b, first_a, a
    if first_a == first_b and len(a) == len(b):
        return ComplexCopies(base, _filling(base, a + b), first_a)
    first, end = min(first_a, first_b), max(first_a + len(a), first_b + len(b))
    if len(a) == end - first and a.shape[1:] == base.shape:
        rows = a if in_place else a.copy()
    else:
        rows = np.zeros((end - first, *base.shape))
        rows[first_a - first : first_a - first + len(a)] = a
    rows[first_b - first : first_b - first + len(b)] += b
    return ComplexCopies(base, rows, first)


def _filling(base: Array, rows: Array) -> Array:
    """Rows that each have the shape of what they are copies of."""
    if rows.shape[1:] == base.shape:
        return rows
    return np.broadcast_to(rows, (len(rows), *base.shape))
