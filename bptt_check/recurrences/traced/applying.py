"""From rules of single numbers to functions of traced arrays, and of constants between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...cases.types import Array
from .array import TracedArray
from .elementwise import Binary, Unary
from .entry_index import aligned
from .operands import constant_of
from .trace import Parents, Pull, Trace


def trace_of(*operands: Any) -> Trace:
    """The trace of the first operand that has one."""
    return next(o.trace for o in operands if isinstance(o, TracedArray))


def of_one(rule: Unary) -> Callable[[Any], TracedArray]:
    """The function of a traced array whose rule this is."""

    def function(a: TracedArray) -> TracedArray:
        value, pull = rule(a.trace.arithmetic, a.entries)
        return a.derived(value, pull)

    return function


def of_two(rule: Binary) -> Callable[[Any, Any], TracedArray]:
    """The function of two operands, one of them traced at least."""

    def function(a: Any, b: Any) -> TracedArray:
        trace: Trace = a.trace if type(a) is TracedArray else b.trace
        parents: Parents = ()
        left = right = None
        x: Any
        y: Any
        if type(a) is TracedArray:
            x, left = a.read()
        else:
            x = constant_of(trace, a)
        if type(b) is TracedArray:
            y, right = b.read()
        else:
            y = constant_of(trace, b)
        if type(x) is not float and type(y) is not float and x.ndim != y.ndim:
            x, y = aligned(x, max(x.ndim, y.ndim)), aligned(y, max(x.ndim, y.ndim))
        value, to_left, to_right = rule(trace.arithmetic, x, y)
        if left is not None and left.active:
            parents = ((left, to_left),)
        if right is not None and right.active:
            parents = (*parents, (right, to_right))
        return TracedArray(trace, value, trace.derived(value.shape[1:], parents))

    return function


def comparison(ufunc: Any) -> Callable[..., Array]:
    """A ufunc that gives true and false: the first sample decides for all."""

    def function(*operands: Any) -> Array:
        return ufunc(*(o.first if isinstance(o, TracedArray) else np.real(o) for o in operands))

    return function


def joined(trace: Trace, value: Array, parts: Sequence[tuple[Any, Pull]]) -> TracedArray:
    """An array computed from several operands, each with the way back of its cotangent."""
    traced = [(part.node, pull) for part, pull in parts if isinstance(part, TracedArray)]
    active = tuple((node, pull) for node, pull in traced if node.active)
    return TracedArray(trace, value, trace.derived(value.shape[1:], active))


def entries_of(trace: Trace, operand: Any) -> Any:
    """The value [samples, ...] of an operand; of a constant [1, ...]."""
    if isinstance(operand, TracedArray):
        return operand.entries
    constant = constant_of(trace, operand)
    return np.full(1, constant) if isinstance(constant, float) else constant


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """A user's axes as those of a value, which has the samples first; None is all.

    Raises:
        AxisError: there is no such axis, as NumPy says it.
    """
    if axis is None:
        return tuple(range(1, ndim + 1))
    numbers = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(1 + axis_of(i, ndim) for i in numbers)


def axis_of(axis: Any, ndim: int) -> int:
    """A user's axis, counted from the front."""
    number = int(axis)
    if not -ndim <= number < ndim:
        raise np.exceptions.AxisError(number, ndim)
    return number % ndim
