"""Arrays that code makes: traced ones, so that it can write into them.

`np.zeros(shape)` has no operand that could say that a traced array is wanted, and what NumPy makes
cannot hold one. So code runs with a stand-in for the module `numpy`, see `stand_in`.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from .array import TracedArray
from .operands import is_traced_dtype
from .trace import Recorded, Trace


def owned_array(trace: Trace, value: Any) -> TracedArray:
    """A constant into which one can write in place."""
    entries = trace.numbers.of(np.asarray(value, trace.dtype))[np.newaxis]
    return TracedArray(trace, entries, Recorded(entries.shape[1:], ()), owned=True)


def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return a.derived(a.entries, lambda bar: bar)


def _astype(x: Any, dtype: Any) -> Any:
    return _copy(x) if is_traced_dtype(x.trace, dtype) else x.first.astype(dtype)


def _like(number: float | None) -> Any:
    def function(
        a: Any,
        *numbers: float,
        dtype: Any = None,
        order: str = "K",
        subok: bool = True,
        shape: Any = None,
    ) -> Any:
        (fill,) = (*numbers, *(() if number is None else (number,)))
        sizes = a.shape if shape is None else shape
        if not is_traced_dtype(a.trace, dtype):
            return np.full(sizes, fill, dtype)
        return owned_array(a.trace, np.full(sizes, fill))

    return function


def _array(trace: Trace, plain: Any) -> Any:
    """`np.array` and `np.asarray`: of traced arrays, or of nested lists that hold some."""

    def function(a: Any, dtype: Any = None, **options: Any) -> Any:
        if isinstance(a, TracedArray) and plain is not np.array and is_traced_dtype(trace, dtype):
            return a
        if _holds_traced(a):
            return _astype(_stacked(a), dtype)
        found = plain(a, dtype=dtype, **options)
        if is_traced_dtype(trace, found.dtype):
            return owned_array(trace, found)
        return found

    return function


def _stacked(value: Any) -> Any:
    """Nested lists as one array."""
    return np.stack([_stacked(v) for v in value]) if isinstance(value, (list, tuple)) else value


def _holds_traced(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_traced(part) for part in value)
    return isinstance(value, TracedArray)


def _made(trace: Trace, plain: Any) -> Any:
    """A function of NumPy that makes an array, which here is a traced one if it holds floats."""

    def function(*args: Any, **options: Any) -> Any:
        found = plain(*args, **options)
        if isinstance(found, np.ndarray) and is_traced_dtype(trace, found.dtype):
            return owned_array(trace, found)
        return found

    return function


def _name(function: Any) -> str:
    return function.__name__


def stand_in(trace: Trace) -> types.ModuleType:
    """A module like numpy whose functions that make arrays make traced ones."""
    module = types.ModuleType("numpy", "NumPy, whose new arrays are traced.")
    module.__dict__.update(np.__dict__)
    module.__dict__.update({_name(f): _made(trace, f) for f in _MAKERS})
    module.__dict__.update({_name(f): _array(trace, f) for f in _CONVERTERS})
    # what code does not write has one value at least
    module.__dict__.update(empty=_made(trace, np.zeros), empty_like=_made(trace, np.zeros_like))
    return module


_MAKERS = (
    np.zeros,
    np.ones,
    np.full,
    np.eye,
    np.identity,
    np.zeros_like,
    np.ones_like,
    np.full_like,
)
_CONVERTERS = (np.array, np.asarray, np.ascontiguousarray)

REPLACED = (*_MAKERS, *_CONVERTERS, np.empty, np.empty_like)
"""Functions that code may have imported by name."""

CREATING: dict[Any, Any] = {
    np.zeros_like: _like(0.0),
    np.empty_like: _like(0.0),
    np.ones_like: _like(1.0),
    np.full_like: _like(None),
    np.copy: _copy,
    "astype": _astype,
    np.real: lambda val: val,
}
"""Functions of NumPy with what they do where an operand is traced."""
