"""An arithmetic that leaves what is not finite as it is."""

from __future__ import annotations

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic


class KeepsInfinities:
    """Another arithmetic, where results are finite; masks of -inf stay -inf.

    It costs a look at every result, so code runs with it only if there was one.
    """

    def __init__(self, arithmetic: Arithmetic) -> None:
        self._inner = arithmetic

    def entering(self, value: Array) -> Array:
        return value

    def relative(self, value: Array) -> Array:
        return _kept(self._inner.relative(value), value)

    def absolute(self, value: Array, size: Array) -> Array:
        return _kept(self._inner.absolute(value, size), value)

    def in_turn(self, total: Array, additions: int) -> Array:
        return _kept(self._inner.in_turn(total, additions), total)

    def function(self, value: Array, bounded: bool = False) -> Array:
        return _kept(self._inner.function(value, bounded), value)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return _kept(self._inner.product(value, a, b), value)

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return _kept(self._inner.total(terms, axis, keepdims), terms.sum(axis, keepdims=keepdims))

    def slope_of_relu(self, z: Array) -> Array:
        return self._inner.slope_of_relu(z)


def _kept(rounded: Array, value: Array) -> Array:
    return np.where(np.isfinite(value), rounded, value)
