"""How a tape rounds: the hooks of an arithmetic, and the one that does not."""

from __future__ import annotations

from ..cases.types import Array


class Exact:
    """No rounding model: plain float64."""

    def relative(self, value: Array) -> Array:
        return value

    def function(self, value: Array) -> Array:
        """A value of a function that a library approximates."""
        return self.relative(value)

    def squashed(self, value: Array) -> Array:
        """A value of a function that ends at -1, 0 or 1: a gate, a state, a softmax."""
        return self.function(value)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return value

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return terms.sum(axis, keepdims=keepdims)

    def slope_of_relu(self, z: Array) -> Array:
        return (z > 0).astype(z.dtype)
