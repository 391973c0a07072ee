"""How the results on a tape round: the eight hooks of an arithmetic, and the one that does not.

Arithmetics are final: one that needs another's answer calls it and does not inherit from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ...cases.types import Array


class Kinks(NamedTuple):
    """Where a relu has no slope that all right implementations share.

    Args:
        places: where what entered it may have either sign, or is zero.
        crossed: those of them where it is not zero in all samples: rounding decides there.
    """

    places: Array
    crossed: Array


BEYOND = 2.0
"""How many of their ranges a right value may lie beyond the samples: sixteen of them reach to 1.8
typical errors, and with this to 9, twice as far as right implementations go.
"""


def has_either_sign(samples: Array) -> Array:
    """Where a right value may have either sign, or be zero, given samples of it [S, ...]."""
    low, high = samples.min(0), samples.max(0)
    reach = BEYOND * (high - low)
    return (low - reach <= 0) & (high + reach >= 0)


def kinks_of(entering: Array) -> Kinks:
    """The kinks of a relu, given samples of what enters it [S, ...]."""
    places = has_either_sign(entering)
    return Kinks(places, places & (entering.min(0) < entering.max(0)))


class Arithmetic(Protocol):
    """What becomes of every result of the forward and of the backward pass.

    Arrays have the samples along their first axis.
    """

    def entering(self, value: Array, /) -> Array:
        """`x` or a state that enters, as it is read."""
        ...

    def relative(self, value: Array, /) -> Array:
        """A result of one operation on single numbers."""
        ...

    def absolute(self, value: Array, size: Array, /) -> Array:
        """A result that is known to a rounding of `size`, which may be more than its own."""
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
    """No rounding model: plain float64.

    Args:
        slope_of_relu: another one than 0 or 1.
        product: another one of two matrices than `@`.
        function: what becomes of the values of functions.
    """

    def __init__(
        self,
        slope_of_relu: Callable[[Array], Array] | None = None,
        product: Callable[[Array, Array], Array] | None = None,
        function: Callable[[Array], Array] | None = None,
    ) -> None:
        self._slope_of_relu, self._product, self._function = slope_of_relu, product, function

    def entering(self, value: Array) -> Array:
        return value

    def relative(self, value: Array) -> Array:
        return value

    def absolute(self, value: Array, size: Array) -> Array:
        return value

    def in_turn(self, total: Array, additions: int) -> Array:
        return total

    def function(self, value: Array, bounded: bool = False) -> Array:
        return self._function(value) if self._function else value

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return self._product(a, b) if self._product else value

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return terms.sum(axis, keepdims=keepdims)

    def slope_of_relu(self, z: Array) -> Array:
        return self._slope_of_relu(z) if self._slope_of_relu else (z > 0).astype(z.dtype)
