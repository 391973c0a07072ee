"""Matrix products whose factors are read on fewer bits, exactly as hardware does it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...cases.types import Array
from .arithmetic import Exact

_EXACT = Exact()


class FewerBits:
    """No rounding, but products read their factors on fewer bits.

    Args:
        digits: bits of the significand, the leading one included.
        to_integer: how: `np.rint` or `np.trunc`.
    """

    def __init__(self, digits: int, to_integer: Callable[[Array], Array]) -> None:
        self._scale, self._to_integer = 2.0**digits, to_integer

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
        return self._read(a) @ self._read(b)

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return terms.sum(axis, keepdims=keepdims)

    def slope_of_relu(self, z: Array) -> Array:
        return _EXACT.slope_of_relu(z)

    def _read(self, factor: Array) -> Array:
        mantissa, exponent = np.frexp(factor)
        return np.ldexp(self._to_integer(mantissa * self._scale) / self._scale, exponent)
