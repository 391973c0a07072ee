"""Reverse accumulation over NumPy arrays, with an optional model of rounding.

A tape records the shared forward pass operation by operation and sweeps it backwards. Its purpose
is not another gradient but a gradient *with rounding made visible*: with a `GridRounding`, every
result of the forward and of the backward pass is disturbed the way a working precision of a given
unit roundoff would disturb it, in several samples at once (the leading axis of every array).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..cases.types import Array
from .arithmetics.arithmetic import Arithmetic, Exact, Kinks, kinks_of
from .ordering import Ordering

Pull = Callable[[Array], Array]
_WITH_STEPS = 4
"""Axes of values of all steps, [S, T, B, H]."""


class Tape:
    """The record of one forward pass.

    Args:
        arithmetic: how results are rounded.
        sequences: how many there are.
    """

    def __init__(self, arithmetic: Arithmetic | None = None, sequences: int = 1) -> None:
        self.arithmetic: Arithmetic = arithmetic or Exact()
        self.sequences = sequences
        self.nodes: list[Node] = []
        self.nonlinear_inputs: list[Array] = []
        """What entered a nonlinearity, in order."""
        self.logits: list[Array] = []
        """What entered a softmax, or a sigmoid, of outputs."""
        self.relu_inputs: list[Array] = []
        """What entered a relu, in order."""
        self.relu_kinks: list[Kinks] = []
        """The kinks of every relu, in order."""

    def input(self, value: Array, sequences: int = 0) -> Node:
        """A leaf; the leading axis of length 1 is where the samples will spread.

        What flows back at once into a value that all sequences share is a sum over so many of them,
        or of (step, sequence) pairs; 0 for one of which each sequence has its own part.
        """
        return Node(self, value[None], (), sequences)

    def inputs(self, values: Mapping[str, Array]) -> dict[str, Node]:
        """A leaf for each value, by name."""
        return {name: self.input(value) for name, value in values.items()}

    def samples(self, value: Array) -> Node:
        """A leaf whose leading axis holds a sample each already."""
        return Node(self, value, ())

    def slope_at(self, z: Array) -> Array:
        """The slope of relu at z, where a kink is recorded: 1 above zero, 0 below it."""
        self.nonlinear_inputs.append(z)
        self.relu_inputs.append(z)
        if z.dtype != object:  # balls know their kinks themselves
            self.relu_kinks.append(kinks_of(z))
        return self.arithmetic.slope_of_relu(z)

    def summed_in_turn(self, terms: Array, additions: int) -> Array:
        """The sum over the steps of terms [S, T, ...], each of which takes so many additions."""
        total = terms[:, 0]
        for t in range(1, terms.shape[1]):  # equal terms drift: each addition rounds the last sum
            total = self.arithmetic.in_turn(total + terms[:, t], additions)
        return total

    def backward(self, output: Node, seed: Array | None = None) -> None:
        """Fill `.bar` of every node that `output` depends on, and clear that of all others.

        The cotangent of `output` is `seed`, or ones: then bars are derivatives of its sum. A seed
        may have more samples than the value; each runs backwards on its own.
        """
        for node in self.nodes:
            node.bar, node.shares, node.owns_bar, node.terms = None, 0.0, False, None
        output.bar = np.ones_like(output.value) if seed is None else seed
        for node in reversed(self.nodes):
            if node.bar is not None:
                self.complete(node, node.bar)
                node.push()

    def complete(self, node: Node, bar: Array) -> None:
        """All of a cotangent is there; who adds up over all steps and sequences rounds more."""
        if node.sequences:
            node.bar = self.arithmetic.in_turn(bar, math.ceil(node.sequences * node.shares))


class Node:
    """A value on a tape, with the operators that `cells` and `network` use."""

    __array_ufunc__ = None
    """NumPy's functions refuse a node, and its operators leave the work to those below."""
    __slots__ = ("bar", "owns_bar", "parents", "sequences", "shares", "tape", "terms", "value")

    def __init__(
        self,
        tape: Tape,
        value: Array,
        parents: tuple[tuple[Node, Pull], ...],
        sequences: int = 0,
    ) -> None:
        self.tape, self.value, self.parents = tape, value, parents
        self.sequences, self.shares = sequences, 0.0
        self.bar: Array | None = None
        self.owns_bar = False
        self.terms: Array | None = None
        """Sizes of the terms of `bar`, for a weight that code may have as 1 minus another."""
        tape.nodes.append(self)

    def push(self) -> None:
        """Hand this node's cotangent to its parents."""
        assert self.bar is not None
        for parent, pull in self.parents:
            share = self._folded(pull(self.bar), parent.value.shape)
            parent.bar = share if parent.bar is None else parent.added(parent.bar + share)
            parent.shares += 1

    def added(self, total: Array) -> Array:
        """A sum of shares, to which the last was added: at once, or sequence by sequence."""
        arithmetic = self.tape.arithmetic
        if self.sequences:
            return arithmetic.in_turn(total, self.sequences)
        return arithmetic.relative(total)

    def _folded(self, bar: Array, shape: tuple[int, ...]) -> Array:
        """The sum of `bar` over the axes along which a value of this shape was broadcast.

        The axis of the samples stays. That of the steps, which comes next where there are four, is
        added up last, step by step from the last one on.
        """
        if bar.shape[1:] == shape[1:]:
            return bar
        total = self.tape.arithmetic.total
        steps, extra = bar.ndim == _WITH_STEPS, bar.ndim - len(shape)
        if extra > steps:
            bar = total(bar, tuple(range(1 + steps, 1 + extra)))
        if extra and steps:
            bar = self.tape.summed_in_turn(bar[:, ::-1], self.tape.sequences)
        axes = tuple(i for i in range(1, len(shape)) if shape[i] == 1 != bar.shape[i])
        return total(bar, axes, keepdims=True) if axes else bar

    def own_bar(self, samples: int, dtype: Any) -> Array:
        """The cotangent as an array that nobody else has, of at least so many samples."""
        if self.bar is None or not self.owns_bar or len(self.bar) < samples:
            bar = np.zeros((samples, *self.value.shape[1:]), dtype)
            self.bar = bar if self.bar is None else bar + self.bar
            self.owns_bar = True
        return self.bar

    def derived(self, value: Array, *parents: tuple[Node, Pull]) -> Node:
        """A node of the same tape whose value is taken as it is."""
        return Node(self.tape, value, parents)

    def rounded(self, value: Array, *parents: tuple[Node, Pull]) -> Node:
        """A node of the same tape whose value was computed, and therefore rounded."""
        return Node(self.tape, self.tape.arithmetic.relative(value), parents)

    @property
    def cotangent(self) -> Array:
        """What flowed back into this node, [samples, ...]; zeros where nothing did."""
        return np.zeros_like(self.value) if self.bar is None else self.bar

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def mT(self) -> Node:  # noqa: N802 - the array API's name
        return self.derived(self.value.mT, (self, lambda bar: bar.mT))

    def __add__(self, other: Any) -> Node:
        if not isinstance(other, Node):
            return self.rounded(self.value + other, (self, lambda bar: bar))
        return self.rounded(
            self.value + other.value, (self, lambda bar: bar), (other, lambda bar: bar)
        )

    __radd__ = __add__

    def __neg__(self) -> Node:
        return self.derived(-self.value, (self, lambda bar: -bar))

    def __sub__(self, other: Any) -> Node:
        return self + (-other)

    def __rsub__(self, other: Any) -> Node:
        return (-self) + other

    def __mul__(self, other: Any) -> Node:
        relative = self.tape.arithmetic.relative
        if not isinstance(other, Node):
            return self.rounded(self.value * other, (self, lambda bar: relative(bar * other)))
        a, b = self.value, other.value
        return self.rounded(
            a * b, (self, lambda bar: relative(bar * b)), (other, lambda bar: relative(bar * a))
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Node:
        relative = self.tape.arithmetic.relative
        if not isinstance(other, Node):
            return self.rounded(self.value / other, (self, lambda bar: relative(bar / other)))
        quotient, b = self.value / other.value, other.value
        return self.rounded(
            quotient,
            (self, lambda bar: relative(bar / b)),
            (other, lambda bar: relative(relative(-bar / b) * quotient)),
        )

    def __rtruediv__(self, other: Any) -> Node:
        quotient, b, relative = other / self.value, self.value, self.tape.arithmetic.relative
        return self.rounded(quotient, (self, lambda bar: relative(relative(-bar / b) * quotient)))

    def __gt__(self, other: Any) -> Ordering:
        return self._above(self - other)

    def __lt__(self, other: Any) -> Ordering:
        return self._above(other - self)

    def __ge__(self, other: Any) -> Ordering:
        return ~(self < other)

    def __le__(self, other: Any) -> Ordering:
        return ~(self > other)

    def _above(self, difference: Node) -> Ordering:
        """That a difference is above zero."""
        z = difference.value
        return Ordering((z > 0).astype(bool), self.tape.slope_at(z))

    def __eq__(self, other: object) -> Any:
        raise TypeError("== of numbers that move has no derivative: compare by < or >")

    __hash__ = object.__hash__

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a value that is differentiated is no NumPy array")

    def __matmul__(self, other: Node) -> Node:
        product = self.tape.arithmetic.product
        a, b = self.value, other.value
        return self.derived(
            product(a @ b, a, b),
            (self, lambda bar: product(bar @ b.mT, bar, b.mT)),
            (other, lambda bar: product(a.mT @ bar, a.mT, bar)),
        )

    def __getitem__(self, index: Any) -> Node:
        """Some entries; no index names one twice."""
        return Part(self, index)

    def sum_steps(self) -> Node:
        """The sum over the steps of values [S, T, B], one by one."""
        shape = self.value.shape[1:]
        return self.derived(
            self.tape.summed_in_turn(self.value, 1),
            (self, lambda bar: np.broadcast_to(bar[:, np.newaxis], (len(bar), *shape))),
        )

    def sum(self, axis: int, keepdims: bool = False) -> Node:
        shape = self.value.shape[1:]

        def pull(bar: Array) -> Array:
            spread = bar if keepdims else np.expand_dims(bar, axis)
            return np.broadcast_to(spread, (len(bar), *shape))

        return self.derived(self.tape.arithmetic.total(self.value, axis, keepdims), (self, pull))


class Part(Node):
    """Some entries of a node. Its cotangent flows into those alone, and rounds no others."""

    __slots__ = ("index", "whole")

    def __init__(self, whole: Node, index: Any) -> None:
        super().__init__(whole.tape, whole.value[index], ())
        self.whole, self.index = whole, index

    def push(self) -> None:
        """Hand this node's cotangent to the node that it is a part of."""
        assert self.bar is not None
        whole = self.whole
        bar = whole.own_bar(len(self.bar), self.bar.dtype)
        before = bar[self.index]
        total = whole.added(before + self.bar) if np.any(before) else self.bar
        # a sum may have more samples than its terms, where it is flushed
        whole.own_bar(len(total), total.dtype)[self.index] = total
        whole.shares += self.value[:1].size / whole.value[:1].size
