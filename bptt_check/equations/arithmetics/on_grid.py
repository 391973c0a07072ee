"""Plain arithmetic of a format: every result is one of its numbers. One sample, no chance."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np

from ...cases.precision import Precision
from ...cases.types import Array
from .arithmetic import Exact

ToInteger = Callable[[Array], Array]
_EXACT = Exact()


class OnGrid:
    """Rounds every result of the forward and of the backward pass to a number of a format.

    Args:
        precision: the format; below its normal numbers its spacing stays as it is.
        to_integer: how: `np.rint` to the nearest, `np.trunc` towards zero.
        sums_in_turn: whether sums are rounded after each addition, or once at the end.
    """

    def __init__(
        self, precision: Precision, to_integer: ToInteger = np.rint, sums_in_turn: bool = False
    ) -> None:
        self._precision, self._to_integer = precision, to_integer
        self._sums_in_turn = sums_in_turn

    def entering(self, value: Array) -> Array:
        return value

    def relative(self, value: Array) -> Array:
        spacing = self._precision.spacing(value)
        return self._to_integer(value / spacing) * spacing

    def absolute(self, value: Array, size: Array) -> Array:
        return self.relative(value)

    def in_turn(self, total: Array, additions: int) -> Array:
        return self.relative(total)

    def function(self, value: Array, bounded: bool = False) -> Array:
        return self.relative(value)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        if not self._sums_in_turn:
            return self.relative(value)
        terms = (a[..., :, k, None] * b[..., None, k, :] for k in range(a.shape[-1]))
        return self._added((self.relative(term) for term in terms), np.zeros_like(value))

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        value = terms.sum(axis, keepdims=keepdims)
        if not self._sums_in_turn:
            return self.relative(value)
        axes = (axis,) if isinstance(axis, int) else axis
        first = np.moveaxis(terms, axes, range(len(axes)))
        rest = first.shape[len(axes) :]
        return self._added(first.reshape(-1, *rest), np.zeros(rest)).reshape(value.shape)

    def slope_of_relu(self, z: Array) -> Array:
        return _EXACT.slope_of_relu(z)

    def _added(self, terms: Iterable[Array], start: Array) -> Array:
        """Their sum, rounded after each addition."""
        return functools.reduce(lambda total, term: self.relative(total + term), terms, start)


def off_functions(share: float) -> Exact:
    """No rounding, but the functions of a library are off in one direction, by a share."""
    return Exact(function=lambda value: value * (1.0 + share))
