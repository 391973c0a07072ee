"""How the results on a tape round: the six hooks of an arithmetic, and the one that does not.

Arithmetics are final: one that needs another's answer calls it and does not inherit from it.
"""

from __future__ import annotations

from typing import Protocol

from ..cases.types import Array


class Arithmetic(Protocol):
    """What becomes of every result of the forward and of the backward pass.

    Arrays have the samples along their first axis.
    """

    def relative(self, value: Array, /) -> Array:
        """A result of one operation on single numbers."""
        ...

    def in_turn(self, total: Array, additions: int, /) -> Array:
        """A sum after so many additions, one by one."""
        ...

    def function(self, value: Array, /, bounded: bool = False) -> Array:
        """A value of a function that a library approximates.

        `bounded` says that it ends at -1, 0 or 1: a gate, a state, a softmax.
        """
        ...

    def product(self, value: Array, a: Array, b: Array, /) -> Array:
        """The matrix product `value` of a and b."""
        ...

    def total(self, terms: Array, axis: int | tuple[int, ...], /, keepdims: bool = False) -> Array:
        """The sum of the terms over some axes."""
        ...

    def slope_of_relu(self, z: Array, /) -> Array:
        """The slope of relu at z."""
        ...


class Exact:
    """No rounding model: plain float64."""

    def relative(self, value: Array) -> Array:
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
        return (z > 0).astype(z.dtype)
