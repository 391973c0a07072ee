"""Functions that go along axes: sums, largest ones, running sums, norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...cases.types import Array
from ...errors import SpecError
from .applying import axes_of, axis_of
from .array import TracedArray
from .operands import is_traced_dtype


def _sum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    if not is_traced_dtype(a.trace, dtype):
        raise SpecError(f"the reference adds up in {np.dtype(dtype)}: leave the dtype out.")
    own = a.entries
    axes = axes_of(axis, a.ndim)
    if math.prod(own.shape[i] for i in axes) == 1:
        value = own.sum(axes, keepdims=keepdims)
    else:
        value = a.trace.arithmetic.total(own, axes, keepdims)
    shape = own.shape[1:]

    def pull(bar: Array) -> Array:
        spread = bar if keepdims else np.expand_dims(bar, axes)
        return np.broadcast_to(spread, (len(bar), *shape))

    return a.derived(value, pull)


def _mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    total = _sum(a, axis, dtype, keepdims)
    return total / (a.size / max(total.size, 1))


def _var(
    a: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> Any:
    from_mean = a - _mean(a, axis, dtype, True)
    total = _sum(from_mean * from_mean, axis, keepdims=keepdims)
    return total / (a.size / max(total.size, 1) - ddof)


def _std(
    a: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> Any:
    return np.sqrt(_var(a, axis, dtype, ddof, keepdims))


def _extreme(a: Any, axis: Any, keepdims: bool, sign: float) -> Any:
    """The largest or smallest entries; equal ones share what flows back."""
    own = a.entries
    axes = axes_of(axis, a.ndim)
    value = (sign * np.real(own)).max(axes, keepdims=True) * sign
    chosen = np.real(own) == value
    if own.dtype.kind == "c":
        value = np.where(chosen, own, 0.0).sum(axes, keepdims=True) / chosen.sum(
            axes, keepdims=True
        )

    def pull(bar: Array) -> Array:
        spread = bar if keepdims else np.expand_dims(bar, axes)
        return np.where(chosen, spread / chosen.sum(axes, keepdims=True), 0.0)

    return a.derived(value if keepdims else value.squeeze(axes), pull)


def _max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _extreme(a, axis, keepdims, 1.0)


def _min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _extreme(a, axis, keepdims, -1.0)


def _cumsum(a: Any, axis: Any = None) -> Any:
    """Running sums, each of which rounds the last one and what is added."""
    if axis is None:
        a, axis = a.reshape(-1), 0
    along = 1 + axis_of(axis, a.ndim)
    relative = a.trace.arithmetic.relative

    def running(terms: Array) -> Array:
        exact = terms.cumsum(along)
        errors = relative(exact) - exact
        np.moveaxis(errors, along, 0)[:1] = 0.0  # the first is no sum
        # to first order the error of a sum is that of the last one, and its own
        return exact + errors.cumsum(along)

    return a.derived(running(a.entries), lambda bar: np.flip(running(np.flip(bar, along)), along))


def _running_products(a: Any, axis: int) -> list[Any]:
    steps = list(np.moveaxis(a, axis, 0))
    products = steps[:1]
    for step in steps[1:]:
        products.append(products[-1] * step)
    return products


def _cumprod(a: Any, axis: Any = None) -> Any:
    if axis is None:
        a, axis = a.reshape(-1), 0
    return np.stack(_running_products(a, axis), axis=axis)


def _prod(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if keepdims or isinstance(axis, tuple):
        raise SpecError("np.prod: give one axis, and no keepdims.")
    if axis is None:
        a, axis = a.reshape(-1), 0
    return _running_products(a, axis)[-1]


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and x.ndim > 1):
        raise SpecError(f"np.linalg.norm with ord={ord!r}: write it with np.sum and np.sqrt.")
    return np.sqrt(_sum(x * x, axis, keepdims=keepdims))


def _sort(a: Any, axis: int = -1) -> Any:
    return np.take_along_axis(a, np.argsort(a.first, axis), axis)


def _of_first(function: Any) -> Any:
    """A function that gives integers, or true and false: those of the first sample."""

    def plain(*args: Any, **options: Any) -> Any:
        firsts = (a.first if isinstance(a, TracedArray) else a for a in args)
        return function(*firsts, **options)

    return plain


REDUCTIONS: dict[Any, Any] = {
    np.sum: _sum,
    np.mean: _mean,
    np.var: _var,
    np.std: _std,
    np.max: _max,
    np.amax: _max,
    np.min: _min,
    np.amin: _min,
    np.prod: _prod,
    np.cumsum: _cumsum,
    np.cumprod: _cumprod,
    np.linalg.norm: _norm,
    np.sort: _sort,
    (np.add, "reduce"): lambda a, axis=0, keepdims=False: _sum(a, axis, keepdims=keepdims),
    (np.maximum, "reduce"): lambda a, axis=0, keepdims=False: _max(a, axis, keepdims),
    (np.minimum, "reduce"): lambda a, axis=0, keepdims=False: _min(a, axis, keepdims),
    (np.multiply, "reduce"): lambda a, axis=0: _prod(a, axis),
    (np.add, "accumulate"): lambda a, axis=0: _cumsum(a, axis),
    (np.multiply, "accumulate"): lambda a, axis=0: _cumprod(a, axis),
    **{f: _of_first(f) for f in (np.argmax, np.argmin, np.argsort, np.nonzero, np.argwhere)},
    **{f: _of_first(f) for f in (np.shape, np.ndim, np.size, np.any, np.all, np.allclose)},
    **{f: _of_first(f) for f in (np.isclose, np.count_nonzero, np.iscomplexobj)},
}
"""Functions of NumPy, and methods of its ufuncs, with what they do on traced arrays."""
