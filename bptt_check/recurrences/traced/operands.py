"""What a user's code hands to a traced array: constants, indices, and what of them is refused."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from ...cases.types import Array
from ...errors import SpecError, quoted
from .entry_index import EntryIndex
from .trace import Trace

INTO_PLAIN = (
    "a traced value cannot become a plain NumPy array: its gradient would be lost. Where it is"
    " written into an array that the reference makes, make that with np.zeros, np.empty or"
    " np.zeros_like of a module that says `import numpy as np` at its top, or collect the steps in"
    " a list and np.stack it; where another library is called, write it with functions of NumPy."
)


COMPLEX = (
    "the reference uses complex numbers. Write their real and imaginary parts as two arrays, or"
    " give the reference in torch or JAX."
)


def is_traced_dtype(trace: Trace, dtype: Any) -> bool:
    """Whether an array that is asked for with this dtype holds traced values: one of floats.

    Raises:
        SpecError: it is of fewer bits than float64, or complex.
    """
    if dtype is None:
        return True
    found = np.dtype(dtype)
    if found.kind == "c" != trace.dtype.kind:
        raise SpecError(COMPLEX)
    if found.kind == "f" and found.itemsize < np.dtype(np.float64).itemsize:
        raise SpecError(
            f"the reference asks for {found}. It is the definition, evaluated in float64: leave the"
            " dtype out."
        )
    return found.kind in "fc"


def constant_of(trace: Trace, number: Any) -> float | Array:
    """A number of Python, or an array [1, ...], of what is not traced.

    Raises:
        SpecError: it is neither, or complex.
    """
    numbers = trace.numbers
    if isinstance(number, (float, int, np.integer, np.bool_, np.floating)):
        return numbers.single(float(number))
    array = np.asarray(number)
    if array.dtype.kind in "biuf":
        return numbers.of(array.astype(np.float64, copy=True))[np.newaxis]
    if array.dtype.kind == "c" and trace.dtype.kind == "c":
        return array[np.newaxis]
    if array.dtype.kind == "c":
        raise SpecError(COMPLEX)
    raise SpecError(f"the reference computes with {quoted(number)}, which is no array of numbers.")


def parsed_index(key: Any) -> EntryIndex:
    """The entries that a user's index names."""
    if type(key) is int:
        return _step(key)
    keys: list[Any] = []
    basic, repeats = True, False
    for k in key if isinstance(key, tuple) else (key,):
        if k is None or k is Ellipsis or isinstance(k, slice):
            keys.append(k)
        elif isinstance(k, (int, np.integer)) and not isinstance(k, bool):
            keys.append(operator.index(k))
        else:
            found = np.asarray(k)
            if found.size == 0 and found.dtype.kind == "f":
                found = found.astype(np.intp)
            keys.append(found)
            basic, repeats = False, repeats or found.dtype.kind != "b"
    return EntryIndex(tuple(keys), basic, repeats)


@functools.lru_cache(maxsize=4096)
def _step(key: int) -> EntryIndex:
    """The same object each time: code asks for the same steps of many arrays."""
    return EntryIndex((key,), basic=True)


def refuse_repeats(place: EntryIndex, shape: tuple[int, ...]) -> None:
    """Refuse to write where an index names an entry twice: NumPy does not say which one stays."""
    times = place.added_up((1, *shape), np.ones_like(place.of(np.zeros((1, *shape)))))
    if times.max(initial=0.0) > 1.0:
        raise SpecError(
            "the reference writes into entries that its index names twice: which one stays is not"
            " defined. Write each entry once, or add up with np.cumsum, np.einsum or a loop."
        )


def spelled(function: Any) -> str:
    """A function of NumPy, or a method of one of its ufuncs, as a user writes it."""
    if isinstance(function, tuple):
        ufunc, method = function
        return f"np.{ufunc.__name__}.{method}"
    module = str(getattr(function, "__module__", None) or "numpy")
    return f"{module}.{function.__name__}".replace("numpy.", "np.", 1)


def not_known(function: Any) -> str:
    """Why a function of NumPy stops a run."""
    return (
        f"the reference uses {spelled(function)}, which is not differentiated here. Write it with"
        " other functions of NumPy (sums, products, einsum, exp, where, indexing), or give the"
        " reference in torch or JAX."
    )
