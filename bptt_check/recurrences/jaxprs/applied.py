"""One operation of JAX on samples: by NumPy, or compiled by itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .operations import OPERATIONS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OWN_DTYPES = _words(
    """
    bitcast_convert_type pure_callback io_callback ffi_call pallas_call triton_kernel_call
    """
)
"""Operations that take no other dtypes than those that were traced."""


def applied(equation: Any, *operands: Any) -> Sequence[Any]:
    """The results of an operation, by NumPy or else by JAX."""
    primitive, params = equation.primitive, equation.params
    own = primitive.name in _OWN_DTYPES
    function = OPERATIONS.get(primitive.name)
    if not own:
        params = _wide_params(params)
    if function is not None and all(isinstance(x, np.ndarray) for x in operands):
        result = function(params, *operands)
        if result is not NotImplemented:
            return result if primitive.multiple_results else [result]
    if own:
        avals = [atom.aval for atom in equation.invars]
        operands = tuple(
            x.astype(aval.dtype) if x.dtype != aval.dtype else x
            for x, aval in zip(operands, avals, strict=True)
        )
    return _applied_by_jax(primitive, params, operands)


def _applied_by_jax(primitive: Any, params: dict[str, Any], operands: Sequence[Any]) -> list[Any]:
    """Compiled for all samples, or for one where they are alike."""
    alike = tuple(len(x) == 1 for x in operands)
    given = [x[0] if same else x for x, same in zip(operands, alike, strict=True)]
    try:
        function = _compiled(primitive, tuple(params.items()), alike)
    except TypeError:  # parameters without a hash
        function = _spread(primitive, params, alike)
    return [_array(result, all(alike)) for result in function(*given)]


@functools.lru_cache(maxsize=1024)
def _compiled(primitive: Any, params: Any, alike: tuple[bool, ...]) -> Callable[..., Any]:
    return jax.jit(_spread(primitive, dict(params), alike))


def _spread(
    primitive: Any, params: dict[str, Any], alike: tuple[bool, ...]
) -> Callable[..., Sequence[Any]]:
    """An operation, over the samples of those operands that have any."""

    def apply(*operands: Any) -> Sequence[Any]:
        bound = primitive.get_bind_params(params)
        if isinstance(bound, tuple):  # in older versions functions come apart from the rest
            functions, bound = bound
            operands = (*functions, *operands)
        result = primitive.bind(*operands, **bound)
        return result if primitive.multiple_results else [result]

    if all(alike):
        return apply
    return jax.vmap(apply, [None if same else 0 for same in alike])


def _array(result: Any, alike: bool) -> Any:
    """With an axis of samples, wide; keys of random numbers are no arrays of NumPy."""
    if not isinstance(result.dtype, np.dtype):
        return result[np.newaxis] if alike else result
    array = np.asarray(result).astype(wide_dtype(result.dtype), copy=False)
    return array[np.newaxis] if alike else array


def constant_array(constant: Any) -> Any:
    """A constant of a program, the same for all samples."""
    return _array(constant if hasattr(constant, "dtype") else np.asarray(constant), True)


def wide_dtype(dtype: Any) -> Any:
    """float64 for a narrower float, complex128 for such a complex number, else the same."""
    if jnp.issubdtype(dtype, np.floating):
        return np.dtype(np.float64)
    if jnp.issubdtype(dtype, np.complexfloating):
        return np.dtype(np.complex128)
    return dtype


def _wide_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The same where they say in which dtype to compute, or on how many bits."""
    wide = {n: wide_dtype(v) if isinstance(v, np.dtype) else v for n, v in params.items()}
    if "preferred_element_type" in wide:
        wide["precision"] = None
    return wide
