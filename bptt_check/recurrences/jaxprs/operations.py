"""Operations of JAX on NumPy arrays that have samples along one more axis in front.

The axis has the length 1 where all samples are alike. What an operation does follows from its
parameters as JAX's own documentation of `jax.lax` has them. Those that are rare are not here, nor
are their rare options: an operation returns `NotImplemented`, and JAX itself evaluates it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...cases.types import Array
from .indexing import INDEXING
from .products import product_of_tensors

Params = Mapping[str, Any]


def _elementwise(function: Callable[..., Any], kinds: str = "biuf") -> Callable[..., Any]:
    """Of arrays of one shape, or numbers beside them; of some kinds of dtypes only."""

    def apply(_: Params, *operands: Array) -> Any:
        if any(x.dtype.kind not in kinds for x in operands):
            return NotImplemented
        return function(*aligned_operands(operands))

    return apply


def aligned_operands(operands: Sequence[Array]) -> Sequence[Array]:
    """With the same number of axes: a number beside arrays has none but that of the samples."""
    axes = max(x.ndim for x in operands)
    return [x if x.ndim == axes else x.reshape(len(x), *(1,) * (axes - 1)) for x in operands]


def _logistic(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def _quotient(a: Array, b: Array) -> Any:
    """Of whole numbers it is another thing."""
    return NotImplemented if a.dtype.kind in "biu" else a / b


def _integer_pow(params: Params, x: Array) -> Any:
    return NotImplemented if x.dtype.kind in "biu" else x ** params["y"]


def _convert(params: Params, x: Array) -> Any:
    """What a float or a complex number becomes is not the same in NumPy, if it has no place."""
    kind, to = x.dtype.kind, params["new_dtype"]
    if kind == to.kind and x.dtype == to:
        return x
    grows = to.kind == "c" or (to.kind == "f" and kind != "c") or (to.kind == "b" and kind != "c")
    return x.astype(to) if grows or (kind in "biu" and to.kind in "iu") else NotImplemented


def _clamp(_: Params, low: Array, x: Array, high: Array) -> Array:
    low, x, high = aligned_operands((low, x, high))
    return np.minimum(np.maximum(x, low), high)


def _select(_: Params, which: Array, *cases: Array) -> Any:
    if len(cases) != 2:
        return NotImplemented
    which, first, second = aligned_operands((which, *cases))
    return np.where(which, second, first)


def _round(params: Params, x: Array) -> Any:
    to_even = getattr(params["rounding_method"], "name", "") == "TO_NEAREST_EVEN"
    return np.rint(x) if to_even else NotImplemented


# arranging


def _broadcast(params: Params, x: Array, *dynamic: Array) -> Any:
    shape, axes = params["shape"], params["broadcast_dimensions"]
    if dynamic:
        return NotImplemented
    expanded = [1] * len(shape)
    for axis, length in zip(axes, x.shape[1:], strict=True):
        expanded[axis] = length
    return np.broadcast_to(x.reshape(len(x), *expanded), (len(x), *shape))


def _reshape(params: Params, x: Array, *dynamic: Array) -> Any:
    if dynamic or params["dimensions"] is not None:
        return NotImplemented
    return x.reshape(len(x), *params["new_sizes"])


def _squeeze(params: Params, x: Array) -> Array:
    return np.squeeze(x, _shifted(params["dimensions"]))


def _expand_dims(params: Params, x: Array) -> Array:
    return np.expand_dims(x, _shifted(params["dimensions"]))


def _transpose(params: Params, x: Array) -> Array:
    return x.transpose(0, *_shifted(params["permutation"]))


def _reverse(params: Params, x: Array) -> Array:
    return np.flip(x, _shifted(params["dimensions"]))


def _slice(params: Params, x: Array) -> Array:
    starts, ends = params["start_indices"], params["limit_indices"]
    strides = params["strides"] or (1,) * len(starts)
    return x[(slice(None), *map(slice, starts, ends, strides))]


def _split(params: Params, x: Array) -> list[Array]:
    return np.split(x, np.cumsum(params["sizes"])[:-1], params["axis"] + 1)


def _concatenate(params: Params, *parts: Array) -> Array:
    samples = max(len(part) for part in parts)
    spread = [np.broadcast_to(part, (samples, *part.shape[1:])) for part in parts]
    return np.concatenate(spread, params["dimension"] + 1)


def _stack(params: Params, *parts: Array) -> Array:
    return stacked(parts, params["axis"] + 1)


def stacked(parts: Sequence[Array], axis: int) -> Array:
    """Along a new axis; some may be the same for all samples, and others not."""
    samples = max(len(part) for part in parts)
    return np.stack([np.broadcast_to(part, (samples, *part.shape[1:])) for part in parts], axis)


def _unstack(params: Params, x: Array) -> list[Array]:
    return [*np.moveaxis(x, params["axis"] + 1, 0)]


def _tile(params: Params, x: Array) -> Array:
    return np.tile(x, (1, *params["reps"]))


def _pad(params: Params, x: Array, value: Array) -> Array:
    """Negative padding takes off; between the entries there may be some, too."""
    config = [tuple(map(int, of_axis)) for of_axis in params["padding_config"]]
    between = [
        max(n + (n - 1) * inner, 0) for n, (_, _, inner) in zip(x.shape[1:], config, strict=True)
    ]
    lengths = [
        n + max(low, 0) + max(high, 0) for n, (low, high, _) in zip(between, config, strict=True)
    ]
    samples = max(len(x), len(value))
    out = np.empty((samples, *lengths), x.dtype)
    out[...] = value.reshape(len(value), *(1,) * len(lengths))
    places = [
        slice(max(low, 0), max(low, 0) + n, inner + 1)
        for n, (low, _, inner) in zip(between, config, strict=True)
    ]
    out[(slice(None), *places)] = x
    kept = [
        slice(max(-low, 0), n - max(-high, 0))
        for n, (low, high, _) in zip(lengths, config, strict=True)
    ]
    return out[(slice(None), *kept)]


def _dynamic_slice(params: Params, x: Array, *starts: Array) -> Any:
    sizes = params["slice_sizes"]
    if len(starts) != len(sizes):
        return NotImplemented
    return x[_window(x.shape[1:], starts, sizes)]


def _dynamic_update(_: Params, x: Array, update: Array, *starts: Array) -> Array:
    out = np.array(np.broadcast_to(x, (max(len(x), len(update)), *x.shape[1:])))
    out[_window(x.shape[1:], starts, update.shape[1:])] = update
    return out


def _window(
    shape: Sequence[int], starts: Sequence[Array], sizes: Sequence[int]
) -> tuple[slice, ...]:
    """Where it lies: inside, wherever it is said to start; as the first sample says."""
    first = [
        min(max(int(start.flat[0]), 0), length - size)
        for start, length, size in zip(starts, shape, sizes, strict=True)
    ]
    return slice(None), *(slice(s, s + n) for s, n in zip(first, sizes, strict=True))


# reductions


def _reduction(function: Callable[..., Any], of_dtype: bool = False) -> Callable[..., Any]:
    def apply(params: Params, x: Array) -> Any:
        if x.size == 0:
            return NotImplemented
        options = {"dtype": x.dtype} if of_dtype else {}
        return function(x, axis=_shifted(params["axes"]), **options)

    return apply


def _position(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(params: Params, x: Array) -> Any:
        (axis,) = params["axes"]
        return function(x, axis=axis + 1).astype(params["index_dtype"])

    return apply


def _running(function: Any) -> Callable[..., Any]:
    def apply(params: Params, x: Array) -> Any:
        axis = params["axis"] + 1
        if not params["reverse"]:
            return function.accumulate(x, axis=axis, dtype=x.dtype)
        return np.flip(function.accumulate(np.flip(x, axis), axis=axis, dtype=x.dtype), axis)

    return apply


def _iota(params: Params, *dynamic: Array) -> Any:
    shape, axis, dtype = params["shape"], params["dimension"], params["dtype"]
    if dynamic or dtype.kind not in "iuf":
        return NotImplemented
    numbers = np.arange(shape[axis], dtype=np.float64 if dtype.kind == "f" else dtype)
    ones = [shape[i] if i == axis else 1 for i in range(len(shape))]
    return np.broadcast_to(numbers.reshape(1, *ones), (1, *shape))


def _shifted(axes: Sequence[int]) -> tuple[int, ...]:
    """Behind the axis of the samples."""
    return tuple(axis + 1 for axis in axes)


def _same(_: Params, x: Array) -> Array:
    return x


_REAL: dict[str, Callable[..., Any]] = {
    "cbrt": np.cbrt, "ceil": np.ceil, "exp2": np.exp2, "floor": np.floor,
    "is_finite": np.isfinite, "logistic": _logistic, "max": np.maximum, "min": np.minimum,
    "sign": np.sign,
    "ge": np.greater_equal, "gt": np.greater, "le": np.less_equal, "lt": np.less,
}  # fmt: skip
_ANALYTIC: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "add": np.add, "add_any": np.add, "mul": np.multiply, "neg": np.negative,
    "sub": np.subtract, "eq": np.equal, "ne": np.not_equal, "square": np.square,
    "div": _quotient, "real": np.real, "imag": np.imag, "conj": np.conj,
}  # fmt: skip
_FLOATS: dict[str, Callable[..., Any]] = {
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh,
    "atan": np.arctan, "atan2": np.arctan2, "atanh": np.arctanh, "cos": np.cos, "cosh": np.cosh,
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "pow": np.power,
    "rem": np.fmod,
    "rsqrt": lambda x: 1.0 / np.sqrt(x), "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt,
    "tan": np.tan, "tanh": np.tanh, "complex": lambda a, b: a + 1j * b,
}  # fmt: skip
_WHOLE: dict[str, Callable[..., Any]] = {
    "and": np.bitwise_and, "not": np.invert, "or": np.bitwise_or, "xor": np.bitwise_xor,
}  # fmt: skip
OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: _elementwise(f) for name, f in _REAL.items()},
    **{name: _elementwise(f, "biufc") for name, f in _ANALYTIC.items()},
    **{name: _elementwise(f, "f") for name, f in _FLOATS.items()},
    **{name: _elementwise(f, "biu") for name, f in _WHOLE.items()},
    **dict.fromkeys(
        ("copy", "copy_p", "stop_gradient", "reduce_precision", "name", "pvary"), _same
    ),
    "integer_pow": _integer_pow, "convert_element_type": _convert, "clamp": _clamp,
    "select_n": _select, "round": _round, "broadcast_in_dim": _broadcast, "reshape": _reshape,
    "squeeze": _squeeze, "expand_dims": _expand_dims, "transpose": _transpose, "rev": _reverse,
    "slice": _slice, "split": _split, "concatenate": _concatenate, "stack": _stack,
    "unstack": _unstack, "tile": _tile, "pad": _pad,
    "dynamic_slice": _dynamic_slice, "dynamic_update_slice": _dynamic_update,
    "reduce_sum": _reduction(np.sum, True), "reduce_prod": _reduction(np.prod, True),
    "reduce_max": _reduction(np.max), "reduce_min": _reduction(np.min),
    "reduce_and": _reduction(np.all), "reduce_or": _reduction(np.any),
    "argmax": _position(np.argmax), "argmin": _position(np.argmin),
    "cumsum": _running(np.add), "cumprod": _running(np.multiply),
    "cummax": _running(np.maximum), "cummin": _running(np.minimum),
    "dot_general": product_of_tensors, "iota": _iota, **INDEXING,
}  # fmt: skip
"""By the names that they have in JAX: `f(params, *operands)`."""
