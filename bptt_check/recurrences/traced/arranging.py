"""Functions that give the entries another shape or order, or choose among them; none rounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import SpecError
from .applying import axis_of, entries_of, joined, trace_of
from .array import TracedArray
from .entry_index import aligned


def _same_kind(a: Any) -> Any:
    return a


def _reshape(a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None) -> Any:
    if order != "C":
        raise SpecError("np.reshape: give no order; transpose before it where you need another.")
    shape = newshape if shape is None else shape
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    own = a.entries
    if own.shape[1:] == sizes:
        return a.derived(own, _same_kind, view=True)
    known = math.prod(n for n in sizes if n != -1)
    sizes = tuple(a.size // max(known, 1) if n == -1 else int(n) for n in sizes)
    before = own.shape[1:]
    return a.derived(
        own.reshape(len(own), *sizes), lambda bar: bar.reshape(len(bar), *before), view=True
    )


def _transpose(a: Any, axes: Any = None) -> Any:
    order = range(a.ndim)[::-1] if axes is None else [axis_of(i, a.ndim) for i in axes]
    forth = (0, *(1 + i for i in order))
    back = tuple(int(i) for i in np.argsort(forth))
    value = a.entries.transpose(forth)
    return a.derived(value, lambda bar: bar.transpose(back), view=True)


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    i, j = axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)
    order[i], order[j] = j, i
    return _transpose(a, order)


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    numbers = np.moveaxis(np.empty(range(1, a.ndim + 1)), source, destination).shape
    return _transpose(a, [n - 1 for n in numbers])


def _broadcast_to(array: Any, shape: Any) -> Any:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    own = array.entries
    value = aligned(own, 1 + len(sizes))
    return array.derived(np.broadcast_to(value, (len(own), *sizes)), _same_kind, view=True)


def _broadcast_arrays(*args: Any) -> Any:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


def _squeeze(a: Any, axis: Any = None) -> Any:
    numbers = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {axis_of(i, a.ndim) for i in numbers}
    if axis is None:
        gone = {i for i in gone if a.shape[i] == 1}
    elif any(a.shape[i] != 1 for i in gone):
        raise ValueError("np.squeeze: an axis is longer than 1")
    return a[tuple(0 if i in gone else slice(None) for i in range(a.ndim))]


def _expand_dims(a: Any, axis: Any) -> Any:
    numbers = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = a.ndim + len(numbers)
    new = {axis_of(i, ndim) for i in numbers}
    return a[tuple(None if i in new else slice(None) for i in range(ndim))]


def _atleast(ndim: int) -> Any:
    def function(a: Any) -> Any:
        return a[(*(None,) * (ndim - a.ndim), ...)] if a.ndim < ndim else a

    return function


def along(a: Any, index: Any, axis: Any) -> Any:
    """The entries that an index along one axis names."""
    at = axis_of(axis, a.ndim)
    return a[(*(slice(None),) * at, index)]


def _flip(m: Any, axis: Any = None) -> Any:
    numbers = range(m.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    at = {axis_of(i, m.ndim) for i in numbers}
    return m[tuple(slice(None, None, -1 if i in at else 1) for i in range(m.ndim))]


def _take(a: Any, indices: Any, axis: Any = None) -> Any:
    return a.reshape(-1)[indices] if axis is None else along(a, indices, axis)


def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    at = axis_of(axis, arr.ndim)
    index: list[Any] = list(np.indices(np.shape(indices), sparse=True))
    index[at] = np.asarray(indices)
    for i, size in enumerate(arr.shape):
        if i != at and size == 1:
            index[i] = np.zeros_like(index[i])
    return arr[tuple(index)]


def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        a, axis = a.reshape(-1), 0
    return along(a, np.repeat(np.arange(a.shape[axis_of(axis, a.ndim)]), repeats), axis)


def _where(condition: Any, x: Any, y: Any) -> Any:
    """One of two; what flows back reaches the chosen one alone."""
    holds = condition.first != 0 if isinstance(condition, TracedArray) else np.asarray(condition)
    holds = holds.astype(bool)[np.newaxis]
    if not isinstance(x, TracedArray) and not isinstance(y, TracedArray):
        return np.where(holds[0], x, y)
    trace = trace_of(x, y)
    a, b = entries_of(trace, x), entries_of(trace, y)
    ndim = max(holds.ndim, a.ndim, b.ndim)
    holds, a, b = aligned(holds, ndim), aligned(a, ndim), aligned(b, ndim)
    parts = [
        (x, lambda bar: np.where(holds, bar, 0.0)),
        (y, lambda bar: np.where(holds, 0.0, bar)),
    ]
    return joined(trace, np.where(holds, a, b), parts)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def _tril(m: Any, k: int = 0) -> Any:
    return np.where(np.tri(*m.shape[-2:], k=k, dtype=bool), m, 0.0)


def _triu(m: Any, k: int = 0) -> Any:
    return np.where(np.tri(*m.shape[-2:], k=k - 1, dtype=bool), 0.0, m)


def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    last = _moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = last.shape[-2:]
    i = np.arange(rows)
    i = i[(i + offset >= 0) & (i + offset < columns)]
    return last[..., i, i + offset]


def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim > 1:
        return _diagonal(v, k)
    size = v.shape[0] + abs(k)
    at = np.arange(v.shape[0])
    matrix = np.zeros_like(v, shape=(size, size))
    matrix[at + max(-k, 0), at + max(k, 0)] = v
    return matrix


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return _diagonal(a, offset, axis1, axis2).sum(-1)


def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        a = along(a, slice(1, None), axis) - along(a, slice(None, -1), axis)
    return a


ARRANGING: dict[Any, Any] = {
    np.reshape: _reshape,
    np.ravel: lambda a: _reshape(a, -1),
    np.transpose: _transpose,
    np.permute_dims: _transpose,
    np.matrix_transpose: lambda x: _swapaxes(x, -1, -2),
    np.swapaxes: _swapaxes,
    np.moveaxis: _moveaxis,
    np.broadcast_to: _broadcast_to,
    np.broadcast_arrays: _broadcast_arrays,
    np.squeeze: _squeeze,
    np.expand_dims: _expand_dims,
    np.atleast_1d: _atleast(1),
    np.atleast_2d: _atleast(2),
    np.flip: _flip,
    np.flipud: lambda m: _flip(m, 0),
    np.fliplr: lambda m: _flip(m, 1),
    np.take: _take,
    np.take_along_axis: _take_along_axis,
    np.repeat: _repeat,
    np.where: _where,
    np.clip: _clip,
    np.tril: _tril,
    np.triu: _triu,
    np.diagonal: _diagonal,
    np.diag: _diag,
    np.trace: _trace,
    np.diff: _diff,
}
"""Functions of NumPy with what they do where an operand is traced."""
