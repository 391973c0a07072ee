"""Models of rounding for the tape: none, random, careless where functions saturate, none but kinks.

A model disturbs the results of operations the way an arithmetic would, in several independent
samples at once, along the leading axis of every array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Exact:
    """No rounding model: plain float64."""

    def relative(self, value: Array) -> Array:
        return value

    def squashed(self, value: Array) -> Array:
        """A value of a function that ends at -1, 0 or 1: a gate, a state, a softmax."""
        return self.relative(value)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return value

    def total(self, terms: Array, axis: int) -> Array:
        return terms.sum(axis)

    def slope_of_relu(self, z: Array) -> Array:
        return (z > 0).astype(z.dtype)


class Rounding(Exact):
    """Disturbs results like arithmetic of unit roundoff `unit`, in `samples` independent ways.

    A result of one operation moves by at most `unit` of its size, a sum of products by at most
    `unit` of the sum of their sizes, which is what cancellation costs; both by `smallest`, which
    is what underflow costs, besides.
    """

    def __init__(self, unit: float, samples: int, smallest: float = 0.0) -> None:
        self._samples = samples
        self._noise = unit * _NOISE
        self._smallest = smallest / unit
        self._at = 0

    def relative(self, value: Array) -> Array:
        return value + (np.abs(value) + self._smallest) * self._draw(value.shape)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return value + (np.abs(a) @ np.abs(b) + self._smallest) * self._draw(value.shape)

    def total(self, terms: Array, axis: int) -> Array:
        value = terms.sum(axis)
        return value + np.abs(terms).sum(axis) * self._draw(value.shape)

    def slope_of_relu(self, z: Array) -> Array:
        """The same in every sample: which side of a kink rounding takes is no scatter.

        1/2 where the samples take both sides, or lie on the kink: whichever side a subject takes,
        what comes through there is rounded.
        """
        low, high = z.min(0, keepdims=True), z.max(0, keepdims=True)
        slope = np.where(low > 0, 1.0, np.where(high < 0, 0.0, 0.5))
        return np.broadcast_to(slope, z.shape).astype(z.dtype)

    def _draw(self, shape: tuple[int, ...]) -> Array:
        """The next numbers of the pool, `samples` along the first axis."""
        shape = (self._samples, *shape[1:])
        size = math.prod(shape)
        if size > len(self._noise):
            self._noise = np.resize(self._noise, 2 * size)
        if self._at + size > len(self._noise):
            self._at = (
                self._at + size
            ) % 101  # another offset each round, so that no period locks in
        drawn = self._noise[self._at : self._at + size].reshape(shape)
        self._at += size
        return drawn


class Saturating(Rounding):
    """Rounding of code whose bounded functions lose all digits where they saturate.

    `0.5 * (1 + tanh(z / 2))` and `1 - sigmoid(-z)` are right to one unit of 1, not of themselves.
    """

    def squashed(self, value: Array) -> Array:
        return value + self._draw(value.shape)


class Kinks(Rounding):
    """No rounding, but at a kink of relu another slope in every sample.

    Every element of the subdifferential is as good as another there: 0 everywhere in the first
    sample, 1 everywhere in the second, drawn at random in the others. `masks` say where the kinks
    of each relu are, in the order of the forward pass.
    """

    def __init__(self, samples: int, masks: Sequence[Array]) -> None:
        super().__init__(1.0, samples)
        self._masks = iter(masks)

    relative = Exact.relative
    product = Exact.product
    total = Exact.total

    def slope_of_relu(self, z: Array) -> Array:
        slope = 0.5 + 0.5 * self._draw(z.shape)
        slope[0], slope[1] = 0.0, 1.0
        return np.where(next(self._masks), slope, z > 0).astype(z.dtype)


_NOISE = np.random.default_rng(0).uniform(-1.0, 1.0, 1 << 16)
"""One pool for every run: the model of rounding must not make a verdict random."""
