"""NumPy's functions of copies: of every copy, and where copies are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...cases.types import Array
from .copies import Copies, MovedCopies, summed
from .numpy import NumPy

NEAR = 500.0
"""Exponents whose exponential is far from the ends of float64."""


class OfCopies(NumPy):
    """NumPy's functions that join arrays, for copies too."""

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return _joined(lambda arrays: np.where(condition, *arrays), (a, b))

    def concat(self, arrays: Sequence[Any]) -> Any:
        return _joined(super().concat, arrays)

    def stack(self, sequence: Sequence[Any]) -> Any:
        return _joined(super().stack, sequence)


class NumPyOfMoved(OfCopies):
    """NumPy, real numbers, of moved copies."""

    def tanh(self, z: Any) -> Any:
        return _each(super().tanh, z)

    def sigmoid(self, z: Any) -> Any:
        return _each(super().sigmoid, z)

    def relu(self, z: Any) -> Any:
        return _each(super().relu, z)

    def exp(self, z: Any) -> Any:
        return _each(super().exp, z)

    def softplus(self, z: Any) -> Any:
        return _each(super().softplus, z)

    def log_softmax(self, z: Any) -> Any:
        """Copies that stay near what they are copies of are shifted by its maxima, which are
        fewer; those that do not by their own.
        """
        if not isinstance(z, MovedCopies):
            return super().log_softmax(z)
        below = z - np.max(z.base, axis=-1, keepdims=True)
        farthest = np.max(below.rows, initial=0.0), -np.min(below.rows, initial=0.0)
        if max(farthest) > NEAR:
            return z.each(super().log_softmax)
        return below.each(lambda rows: rows - np.log(summed(np.exp(rows)))[..., None])


def _each(function: Callable[[Array], Array], z: Any) -> Any:
    return z.each(function) if isinstance(z, MovedCopies) else function(z)


def _joined(join: Callable[[Sequence[Any]], Array], arrays: Sequence[Any]) -> Any:
    """Arrays put together, some of them copies that may have rows of their own each."""
    some = [a for a in arrays if isinstance(a, Copies)]
    if not some:
        return join(arrays)
    kind = type(some[0])
    first, end = min(a.first for a in some), max(a.end for a in some)
    copies = [a if isinstance(a, Copies) else kind(a, a[None][:0], first) for a in arrays]
    rows = join([a.within(first, end) for a in copies])
    return kind(join([a.base for a in copies]), rows, first)
