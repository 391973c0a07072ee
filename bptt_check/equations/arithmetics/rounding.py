"""Arithmetics that disturb: random rounding to a grid, and random slopes at the kinks of relu.

An arithmetic disturbs the results of operations the way hardware would, in several independent
samples at once, along the leading axis of every array.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from ...cases.types import Array
from .arithmetic import Kinks
from .offsets import SPACING, Offsets, Position, offset_pool


class GridRounding:
    """Disturbs results like arithmetic of unit roundoff `unit`, in `samples` independent ways.

    A result of one operation moves by about `unit` of its size. A sum of n terms moves by about
    `unit` of the sum of their sizes, which is what cancellation costs, times the square root of n,
    which is what n additions in turn cost [1]_. A value of a function moves by about `functions`
    units, as libraries do not round those to the nearest. Zeros stay what they are. What underflow
    costs is no part of this: see `flushing`.

    Results are rounded to a grid, as hardware does, whose offset from zero is random. In the first
    half of the samples it is another one for every entry, so that no two roundings have to do with
    each other: not all code computes in the same order. In the second half it is one and the same:
    then equal values round alike, at every step and in every sequence, and their errors add up
    instead of averaging out.

    With `sums_in_turn` False, sums are taken in a wider format and rounded once, or a few times
    where they are split: at the size of the sum, or of what terms of either sign add up to.

    With `keeps_digits` False it is the rounding of code whose bounded functions lose all digits
    where they saturate: `0.5 * (1 + tanh(z / 2))` and `1 - sigmoid(-z)` are right to one unit of 1,
    not of themselves.

    .. [1] N. J. Higham and T. Mary, "A new approach to probabilistic rounding error analysis",
       SIAM Journal on Scientific Computing 41(5), 2019, A2815-A2835.
    """

    def __init__(
        self,
        unit: float,
        samples: int,
        functions: float = 1.0,
        keeps_digits: bool = True,
        sums_in_turn: bool = True,
        factors: float = 0.0,
    ) -> None:
        self._offsets = Offsets(offset_pool(samples))
        self._functions, self._factors = functions, factors / unit
        self._keeps_digits, self._sums_in_turn = keeps_digits, sums_in_turn
        self._anchor = 1.25 * unit / SPACING  # 1.25: powers of 2 are far from a change of spacing
        self._memory = [np.empty(0), np.empty(0)]

    @property
    def position(self) -> Position:
        """Its offsets, and how far in them it is; set it to round once more as from there."""
        return self._offsets.position

    @position.setter
    def position(self, position: Position) -> None:
        self._offsets.position = position

    def entering(self, value: Array) -> Array:
        return value

    def relative(self, value: Array) -> Array:
        return self._rounded(value, self._size_of(value))

    def absolute(self, value: Array, size: Array) -> Array:
        return self._rounded(value, 1.0 * size)

    def in_turn(self, total: Array, additions: int) -> Array:
        size = np.abs(total)
        if additions > 1 and self._sums_in_turn:
            size = size * _in_turn(len(self._offsets), additions, total.ndim)
        return self._rounded(total, size)

    def function(self, value: Array, bounded: bool = False) -> Array:
        if bounded and not self._keeps_digits:
            return self._rounded(value, np.ones_like(value))
        size = self._size_of(value)
        size *= self._functions
        return self._rounded(value, size)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        if self._factors:
            a, b = (self._rounded(m, self._factors * np.abs(m)) for m in (a, b))
            b = b.reshape(len(b), *[1] * (a.ndim - b.ndim), *b.shape[1:])  # all steps at once
            value = a @ b
        return self.summed(value, self._size_of(a) @ self._size_of(b, 1), a.shape[-1])

    def summed(self, value: Array, size: Array, terms: int) -> Array:
        """A sum of so many terms whose sizes add up to `size`, which is overwritten."""
        return self._rounded(value, self._of_sum(value, size, terms))

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        value = terms.sum(axis, keepdims=keepdims)
        size = self._size_of(terms).sum(axis, keepdims=keepdims)
        return self.summed(value, size, terms.size // max(value.size, 1))

    def unordered_sum(self, value: Array, squares: Array, terms: int) -> Array:
        """A sum of so many terms whose squares add up to `squares`, which is overwritten.

        Its terms come in no order that matters: the sums on the way to `value` are a random walk,
        of root mean square sqrt(value^2 + squares) at most, and each of them rounds once. Terms of
        one sign cost as much as in `summed`, those of either sign less.
        """
        if self._sums_in_turn:
            squares += np.square(value)
            squares *= terms
            return self._rounded(value, np.sqrt(squares, out=squares))
        size = np.sqrt(squares, out=squares)
        return self._rounded(value, np.maximum(size, np.abs(value), out=size))

    def slope_of_relu(self, z: Array) -> Array:
        """The same in every sample: which side of a kink rounding takes is no scatter.

        1/2 where the samples take both sides, or lie on the kink: whichever side a subject takes,
        what comes through there is rounded.
        """
        low, high = z.min(0, keepdims=True), z.max(0, keepdims=True)
        slope = np.where(low > 0, 1.0, np.where(high < 0, 0.0, 0.5))
        return np.broadcast_to(slope, z.shape).astype(z.dtype)

    def _of_sum(self, value: Array, size: Array, terms: int) -> Array:
        """The size at which a sum of so many terms rounds, given its value and the sum of their
        sizes, which is overwritten.
        """
        root = math.sqrt(max(terms, 1))
        if self._sums_in_turn:
            size *= root
            return size
        size /= root
        return np.maximum(size, np.abs(value), out=size)

    def _rounded(self, value: Array, size: Array) -> Array:
        """The values on a grid whose spacing is about two units of `size`.

        The sum with a number of 2**53 units has no room for less than that. Overwrites `size`.
        """
        anchor = size
        anchor *= self._anchor
        draws = self._offsets.draw(value.shape)
        memory = None if draws.size < _LARGE else self._reused(1, draws.shape)
        offset = np.multiply(anchor, draws, out=memory)
        on_grid = value + offset
        on_grid += anchor
        on_grid -= anchor
        on_grid -= offset
        return on_grid

    def _size_of(self, value: Array, which: int = 0) -> Array:
        """|value|, in memory that is used again at the next rounding."""
        if value.size < _LARGE:
            return np.abs(value)
        return np.abs(value, out=self._reused(which, value.shape))

    def _reused(self, which: int, shape: tuple[int, ...]) -> Array:
        """Memory for what is gone when a rounding is done: new one costs more than to fill it."""
        size = math.prod(shape)
        if size > self._memory[which].size:
            self._memory[which] = np.empty(size)
        return self._memory[which][:size].reshape(shape)


def deviation(samples: Array) -> Array:
    """Root mean square deviation from the mean over the samples, which lie along the first axis."""
    from_mean = np.abs(samples - samples.mean(0))
    # relative to the largest one: the square of 1e-200 is zero, its root is not
    largest = np.maximum(from_mean.max(0), np.finfo(np.float64).tiny)
    return np.sqrt(np.square(from_mean / largest).sum(0) / max(1, len(samples) - 1)) * largest


DRIFT = 16.0
"""So many additions of equal numbers are off by one unit of their sum, typically. At its worst it
is sixteen, where the sum stays about as large as it is, but not all code adds one by one.
"""


class KinkSlopes:
    """No rounding, but at a kink of relu another slope in every sample.

    Every element of the subdifferential is as good as another there: 0 everywhere in the first
    sample, 1 everywhere in the second, drawn at random in the others. Where rounding decides the
    sign it does so for each place by itself: there the slopes are those of exact arithmetic, 0 or
    1, or flipped. If such places are few the samples have all combinations; if not, some have few
    flips, and the second half of them flips half of the places.

    Args:
        samples: how many.
        kinks: of each relu, in the order of the forward pass.
    """

    def __init__(self, samples: int, kinks: Sequence[Kinks]) -> None:
        self.few = sum(int(k.crossed.sum()) for k in kinks) < samples.bit_length()
        """Whether the samples have all combinations of slopes where rounding decides."""
        self._between = Offsets(offset_pool(samples))
        self._flips = Offsets(_every_flip(samples) if self.few else _some_flips(samples))
        self._kinks = iter(kinks)

    def entering(self, value: Array) -> Array:
        return value

    def relative(self, value: Array) -> Array:
        return value

    def absolute(self, value: Array, size: Array) -> Array:
        return value

    def in_turn(self, total: Array, additions: int) -> Array:
        return total

    def function(self, value: Array, bounded: bool = False) -> Array:
        return value

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return value

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return terms.sum(axis, keepdims=keepdims)

    def slope_of_relu(self, z: Array) -> Array:
        places, crossed = next(self._kinks)
        slope = 0.5 + 0.5 / SPACING * self._between.draw(z.shape)
        slope[0], slope[1] = 0.0, 1.0
        alike = slice(0 if self.few else 2, None)
        flips = self._flips.draw((1, int(crossed.sum())))
        slope[alike, crossed] = ((z[0] > 0)[crossed] != flips)[alike]
        return np.where(places, slope, z > 0).astype(z.dtype)


@functools.lru_cache(maxsize=256)
def _in_turn(samples: int, additions: int, axes: int) -> Array:
    """Units by which a sum is off after so many additions, (samples, 1, ...).

    Each addition rounds like the sum so far; where equal numbers are added, all in one direction.
    """
    units = np.full(samples, math.sqrt(additions))
    units[samples // 2 :] += additions / DRIFT
    return units.reshape(-1, *(1,) * (axes - 1))


_LARGE = 2**15
"""Numbers of an array whose memory is worth keeping: the C library gives several of that size back
to the system as soon as they are free, and the next rounding has to ask for them again.
"""


@functools.cache
def _every_flip(samples: int) -> Array:
    """All combinations of as many flips as there is room for, (samples, flips)."""
    return np.arange(samples)[:, np.newaxis] >> np.arange(samples.bit_length() - 1) & 1


@functools.cache
def _some_flips(samples: int) -> Array:
    """Flips one after the other, (samples, 4096), the same in every run: few in the first half of
    the samples, none in one of them; in the second half as many as not.
    """
    chance = np.random.default_rng(0).random((samples, 4096))
    share = np.where(np.arange(samples) < samples // 2, 0.125, 0.5)
    share[2] = 0.0
    return np.where(chance < share[:, np.newaxis], 1, 0)
