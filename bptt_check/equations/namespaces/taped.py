"""The equations on nodes of a tape."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...cases.types import Array
from ..ordering import Ordering
from ..tape import Node
from .numpy import NumPy, PythonLoop


def also_of_numbers(function: Callable[[Any, Node], Node]) -> Callable[[Any, Any], Any]:
    """The function of a node, and of what is none: the number of a step."""

    @functools.wraps(function)
    def of_either(self: Any, z: Any) -> Any:
        return function(self, z) if isinstance(z, Node) else getattr(_REAL, function.__name__)(z)

    return of_either


class Taped(PythonLoop):
    """The namespace over nodes; slopes come from the stored, rounded values, as in hand-written
    code.
    """

    @also_of_numbers
    def tanh(self, z: Node) -> Node:
        return _unary(z, np.tanh(z.value), lambda t: 1.0 - t * t)

    @also_of_numbers
    def sigmoid(self, z: Node) -> Node:
        return _unary(z, _REAL.sigmoid(z.value), lambda s: s * (1.0 - s))

    @also_of_numbers
    def relu(self, z: Node) -> Node:
        slope = z.tape.slope_at(z.value)
        return z.derived(_REAL.relu(z.value), (z, lambda bar: bar * slope))

    @also_of_numbers
    def exp(self, z: Node) -> Node:
        """Its slope is its value, as code has it."""
        z.tape.nonlinear_inputs.append(z.value)
        value = z.tape.arithmetic.function(np.exp(z.value))
        return z.derived(value, (z, lambda bar: z.tape.arithmetic.relative(bar * value)))

    def lerp(self, a: Node, b: Node, weight: Node) -> Node:
        """`(1 - weight) a + weight b`, of which code has either the weight or its complement first.

        The other is 1 minus that, and known to a rounding of 1; so is the slope of either, by which
        both terms are multiplied. Some code adds `weight (b - a)` to a: then the sum is known to a
        rounding of a.
        """
        arithmetic = a.tape.arithmetic
        relative, absolute = arithmetic.relative, arithmetic.absolute
        w = absolute(weight.value, np.ones_like(weight.value))
        x, y = a.value, b.value
        value = relative((1.0 - w) * x) + relative(w * y)

        def pull(bar: Array) -> Array:
            up, down = relative(bar * y), relative(bar * x)
            size = np.abs(up) + np.abs(down)
            weight.terms = size if weight.terms is None else weight.terms + size
            return up - down

        return a.derived(
            absolute(value, np.abs(x) + np.abs(value)),
            (a, lambda bar: relative(bar * (1.0 - w))),
            (b, lambda bar: relative(bar * w)),
            (weight, pull),
        )

    @also_of_numbers
    def softplus(self, z: Node) -> Node:
        z.tape.nonlinear_inputs.append(z.value)
        z.tape.logits.append(z.value)
        slope = z.tape.arithmetic.function(_REAL.sigmoid(z.value), bounded=True)
        value = z.tape.arithmetic.function(_REAL.softplus(z.value))
        return z.derived(value, (z, lambda bar: bar * slope))

    def log_softmax(self, z: Node) -> Node:
        """Cotangent `bar - softmax(z) * sum(bar)`, each term rounded before the difference."""
        z.tape.nonlinear_inputs.append(z.value)
        z.tape.logits.append(z.value)
        relative = z.tape.arithmetic.relative
        # the shift by the maximum rounds at the size of the logits, not at that of the result
        value = _REAL.log_softmax(relative(z.value))
        softmax = z.tape.arithmetic.function(np.exp(value), bounded=True)
        # the sum of exponentials is 1 plus little where one class is certain, and rounds as 1 does
        total = np.exp(-value.max(-1, keepdims=True))
        value = z.tape.arithmetic.function(value) + (relative(total) / total - 1.0)
        return z.derived(
            value, (z, lambda bar: bar - relative(softmax * bar.sum(-1, keepdims=True)))
        )

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """One of two nodes, or numbers; a condition on nodes is a kink, see `Ordering`."""
        if not isinstance(condition, Ordering):
            condition = np.asarray(condition, dtype=bool)
        share = condition.slope if isinstance(condition, Ordering) else condition
        value = self.choice(condition, value_of(a), value_of(b))
        return _chosen(value, share, a, b)

    def choice(self, condition: Any, a: Any, b: Any) -> Array:
        """The values that are chosen."""
        holds = condition.holds if isinstance(condition, Ordering) else condition
        return np.where(holds, a, b)

    def concat(self, arrays: Sequence[Node]) -> Node:
        edges = np.cumsum([0, *(a.shape[-1] for a in arrays)])
        cut = [slice(int(i), int(j)) for i, j in itertools.pairwise(edges)]
        values = np.broadcast_arrays(*(a.value[..., :1] for a in arrays))
        lead = values[0].shape[:-1]
        joined = [np.broadcast_to(a.value, (*lead, a.shape[-1])) for a in arrays]
        pulls = [lambda bar, c=c: bar[..., c] for c in cut]
        return arrays[0].derived(np.concatenate(joined, axis=-1), *zip(arrays, pulls, strict=True))

    def sum_pairs(
        self,
        function: Callable[..., Node],
        hidden: Sequence[Node],
        targets: Array,
        weights: Array,
        /,
    ) -> Node:
        """At once as well, on values [S, T, B, H], but rounded step by step where they add up."""
        return function(self.stack(hidden), targets, weights).sum_steps()

    def stack(self, sequence: Sequence[Node]) -> Node:
        values = np.broadcast_arrays(*(a.value for a in sequence))
        pulls = [lambda bar, t=t: bar[..., t, :, :] for t in range(len(sequence))]
        return sequence[0].derived(np.stack(values, axis=-3), *zip(sequence, pulls, strict=True))


def value_of(number: Any) -> Any:
    """The value of a node; a number is its own."""
    return number.value if isinstance(number, Node) else number


def _chosen(value: Array, share: Any, a: Any, b: Any) -> Any:
    """The node of a choice among two, each of which gets its share of the cotangent."""
    shares = ((a, lambda bar: _part(bar, share)), (b, lambda bar: _part(bar, _rest_of(share))))
    parents = [(node, pull) for node, pull in shares if isinstance(node, Node)]
    return parents[0][0].derived(value, *parents) if parents else value


def _rest_of(share: Any) -> Any:
    return ~share if share.dtype == bool else 1.0 - share


def _part(bar: Array, share: Any) -> Array:
    """A share of a cotangent; of one that is not finite, zero where the share is none."""
    if share.dtype == bool:
        return np.where(share, bar, 0.0)
    return bar * share if share.dtype == object else np.where(share > 0.0, bar, 0.0) * share


_REAL = NumPy()


def _unary(z: Node, value: Array, slope: Callable[[Array], Array]) -> Node:
    """A function and its slope, each with a rounding of its own: not all code shares one."""
    z.tape.nonlinear_inputs.append(z.value)
    arithmetic = z.tape.arithmetic
    relative, function = arithmetic.relative, arithmetic.function
    factor = relative(slope(function(value, bounded=True)))

    def pull(bar: Array) -> Array:
        if node.terms is None:
            return relative(bar * factor)
        return arithmetic.absolute(bar * factor, node.terms)

    node = z.derived(function(value, bounded=True), (z, pull))
    return node
