"""Balls in NumPy object arrays: the namespace of the equations over them, and matrix products.

A ball is a midpoint and a radius (python-flint's `arb`); every operation encloses its exact result
at the precision at hand. NumPy only moves balls around: it rounds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb, arb_mat

from ...cases.types import Array
from ..arithmetics.arithmetic import Exact
from ..ordering import Ordering
from ..tape import Node
from .taped import Taped, also_of_numbers

ONE, TWO = arb(1), arb(2)
MANY = 48
"""Multiplications in a product of matrices that repay its conversion to `arb_mat` and back."""


class Balls(Taped):
    """The namespace over nodes of balls. Slopes come from `z`, where they are narrowest."""

    @also_of_numbers
    def tanh(self, z: Node) -> Node:
        return _unary(z, *tanh_and_slope(z.value))

    @also_of_numbers
    def sigmoid(self, z: Node) -> Node:
        return _unary(z, *sigmoid_and_slope(z.value))

    @also_of_numbers
    def relu(self, z: Node) -> Node:
        return _unary(z, relu(z.value), slope_of_relu(z.value))

    @also_of_numbers
    def exp(self, z: Node) -> Node:
        value = np.exp(z.value)
        return _unary(z, value, value)

    def lerp(self, a: Node, b: Node, weight: Node) -> Node:
        w, x, y = weight.value, a.value, b.value
        rest = 1 - w
        return a.derived(
            rest * x + w * y,
            (a, lambda bar: bar * rest),
            (b, lambda bar: bar * w),
            (weight, lambda bar: bar * (y - x)),
        )

    def choice(self, condition: Any, a: Any, b: Any) -> Array:
        """Both, where a condition cannot be decided."""
        if not isinstance(condition, Ordering):
            return super().choice(condition, a, b)
        return np.asarray(_either(condition.slope, a, b))

    @also_of_numbers
    def softplus(self, z: Node) -> Node:
        return _unary(z, softplus(z.value), sigmoid_and_slope(z.value)[0])

    def log_softmax(self, z: Node) -> Node:
        """Cotangent `bar - softmax(z) * sum(bar)`."""
        largest = np.max(z.value.astype(np.float64), axis=-1, keepdims=True)
        shifted = z.value - largest
        powers = np.exp(shifted)
        total = powers.sum(-1, keepdims=True)
        softmax = powers / total
        return z.derived(
            shifted - np.log(total), (z, lambda bar: bar - softmax * bar.sum(-1, keepdims=True))
        )

    def sum_pairs(
        self,
        function: Callable[..., Node],
        hidden: Sequence[Node],
        targets: Array,
        weights: Array,
        /,
    ) -> Node:
        """The sum over the steps of what the pairs come to, [1, B]; pairs of weight 0 are not
        looked at.
        """
        steps, sequences = np.nonzero(weights)
        rows = self.stack(hidden)[:, steps, sequences]
        of_pairs = function(rows, targets[steps, sequences], weights[steps, sequences])
        total = np.zeros(weights.shape[1], dtype=object)
        np.add.at(total, sequences, of_pairs.value[0])
        return of_pairs.derived(total[None], (of_pairs, lambda bar: bar[:, sequences]))


def _unary(z: Node, value: Array, slope: Array) -> Node:
    return z.derived(value, (z, lambda bar: bar * slope))


def _of_each(function: Callable[..., Any], inputs: int = 1, outputs: int = 1) -> Callable[..., Any]:
    """A function of a ball, for arrays of them."""
    return np.frompyfunc(function, inputs, outputs)


def _ball(a: Any) -> arb:
    """A number as the ball that is exactly it."""
    return a if type(a) is arb else arb(a)


def _tanh_and_slope_of(a: Any) -> tuple[arb, arb]:
    """tanh, and `1 - tanh^2` by a formula that keeps its digits where that is small."""
    a = _ball(a)
    x = float(a)
    if abs(x) < 1.0:
        t = a.tanh()
        return t, ONE - t * t
    e = ((-TWO if x > 0.0 else TWO) * a).exp()
    share = TWO / (ONE + e)
    part = e * share
    t = ONE - part
    return (t if x > 0.0 else -t), part * share


def _sigmoid_and_slope_of(a: Any) -> tuple[arb, arb]:
    """sigmoid and its slope, which is `e^-a` times its square."""
    e = (-_ball(a)).exp()
    s = ONE / (ONE + e)
    return s, e * s * s


def _softplus_of(a: Any) -> arb:
    """`log(1 + e^a)`, whose digits survive on both sides."""
    a = _ball(a)
    return a.exp().log1p() if float(a) < 0.0 else a + (-a).exp().log1p()


def relu_of(a: Any) -> arb:
    """max(a, 0); where the sign cannot be decided, both."""
    a = _ball(a)
    return a if a > 0 else arb(0) if a < 0 else a.nonnegative_part()


def slope_of_relu_of(a: Any) -> arb:
    """The slope of relu; where the sign cannot be decided, every subgradient."""
    a = _ball(a)
    return ONE if a > 0 else arb(0) if a < 0 else arb(0.5, 0.5)


def _either_of(share: Any, a: Any, b: Any) -> arb:
    """What is chosen, given its share in the derivative."""
    return _ball(a) if share == 1 else _ball(b) if share == 0 else _ball(a).union(_ball(b))


as_balls: Callable[[Array], Array] = _of_each(_ball)
"""Numbers as balls without a radius."""
tanh_and_slope = _of_each(_tanh_and_slope_of, outputs=2)
sigmoid_and_slope = _of_each(_sigmoid_and_slope_of, outputs=2)
softplus = _of_each(_softplus_of)
arctan: Callable[[Array], Array] = _of_each(lambda a: _ball(a).atan())
relu = _of_each(relu_of)
slope_of_relu = _of_each(slope_of_relu_of)
_either = _of_each(_either_of, inputs=3)

ENCLOSING = Exact(slope_of_relu)
"""No rounding; at a kink every slope."""
BALLS = Balls()


class BallMatrix(np.ndarray):
    """Factors [1, m, n] whose products with others go through `arb_mat`, not ball by ball.

    What a factor, or its transpose, or a part of it is in Arb is remembered, as weights meet every
    step: make one by `BallMatrix.of(balls)`.
    """

    _converted: dict[Any, arb_mat] | None = None

    @classmethod
    def of(cls, balls: Array) -> BallMatrix:
        """A view of balls."""
        matrix = balls.view(cls)
        matrix._converted = {}
        return matrix

    def __array_finalize__(self, obj: Any) -> None:
        """Views share what is remembered; an array with values of its own remembers nothing."""
        is_view = self.base is not None and (self.base is obj or self.base is obj.base)
        self._converted = getattr(obj, "_converted", None) if is_view else None

    def __matmul__(self, other: Any) -> Any:
        return product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return product(other, self)

    def in_arb(self) -> arb_mat:
        """The matrix in Arb."""
        if self._converted is None:
            return arb_mat(self[0].tolist())
        key = self.__array_interface__["data"][0], self.shape, self.strides
        if key not in self._converted:
            self._converted[key] = arb_mat(self[0].tolist())
        return self._converted[key]


def product(a: Array, b: Array) -> Array:
    """The product of [1, m, k] and [1, k, n], balls; of other shapes as NumPy has it."""
    m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
    if m * k * n < MANY or not a.ndim == b.ndim == 3:
        return np.matmul(np.asarray(a), np.asarray(b))
    result = np.empty(m * n, dtype=object)
    result[:] = (_in_arb(a) * _in_arb(b)).entries()
    return result.reshape(1, m, n)


def _in_arb(matrix: Array) -> arb_mat:
    return matrix.in_arb() if isinstance(matrix, BallMatrix) else arb_mat(matrix[0].tolist())
