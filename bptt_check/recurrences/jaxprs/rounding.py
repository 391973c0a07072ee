"""How the result of each operation of JAX rounds at random, samples along the first axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.rounding import GridRounding
from .operations import aligned_operands


class JaxOperation(NamedTuple):
    """One operation: what it was given, and what it gave.

    Args:
        apply: the same operation of other operands.
        params: of its equation.
        operands: [samples or 1, ...] each.
        result: one of its results, [samples or 1, ...].
    """

    apply: Callable[..., Array]
    params: Mapping[str, Any]
    operands: Sequence[Array]
    result: Array


def rounded_result(name: str, operation: JaxOperation, r: GridRounding) -> Array:
    """The result of an operation of this name, as it rounds. What is not known is taken for a
    function of a library.
    """
    if name in EXACT or operation.result.dtype.kind not in "fc":
        return operation.result
    return _ROUNDED.get(name, _function)(operation, r)


def _relative(operation: JaxOperation, r: GridRounding) -> Array:
    if operation.result.dtype.kind == "c":
        return _off_by(operation.result, np.abs(operation.result), r)
    return r.relative(operation.result)


def _function(operation: JaxOperation, r: GridRounding) -> Array:
    if operation.result.dtype.kind == "c":
        return _off_by(operation.result, np.abs(operation.result), r)
    return r.function(operation.result)


def _bounded(operation: JaxOperation, r: GridRounding) -> Array:
    return r.function(operation.result, bounded=True)


def _off_by(value: Array, size: Array, r: GridRounding) -> Array:
    """Rounded at this size; the parts of a complex number both at the same."""
    if value.dtype.kind == "c":
        return r.absolute(np.real(value), size) + 1j * r.absolute(np.imag(value), size)
    return r.absolute(value, size)


def _sum_of_two(operation: JaxOperation, r: GridRounding) -> Array:
    """Exact where a term is zero: gradients are gathered in arrays of zeros."""
    a, b = aligned_operands(operation.operands)
    rounds = (a != 0) & (b != 0)
    if rounds.all():
        return _relative(operation, r)
    if not rounds.any():
        return operation.result
    return _off_by(operation.result, np.where(rounds, np.abs(operation.result), 0.0), r)


def _power(operation: JaxOperation, r: GridRounding) -> Array:
    """Of a whole number: so many products in a row, and a quotient if it is negative."""
    exponent = operation.params["y"]
    roundings = max(abs(exponent) - 1, 0) + (exponent < 0)
    return _off_by(operation.result, math.sqrt(roundings) * np.abs(operation.result), r)


def _product(operation: JaxOperation, r: GridRounding) -> Array:
    """Of matrices: each entry a sum of products."""
    (summed, _), _ = operation.params["dimension_numbers"]
    terms = math.prod(operation.operands[0].shape[axis + 1] for axis in summed)
    return _sum_of_products(operation, terms, r)


def _convolution(operation: JaxOperation, r: GridRounding) -> Array:
    kernel = operation.operands[1]
    features = kernel.shape[operation.params["dimension_numbers"].rhs_spec[0] + 1]
    return _sum_of_products(operation, kernel[0].size // max(features, 1), r)


def _sum_of_products(operation: JaxOperation, terms: int, r: GridRounding) -> Array:
    if terms <= 1:
        return _relative(operation, r)
    return _unordered_sum(operation.result, _of_squares(operation), terms, r)


def _total(operation: JaxOperation, r: GridRounding) -> Array:
    terms = operation.operands[0].size // max(operation.result.size, 1)
    if terms <= 1:
        return operation.result
    return _unordered_sum(operation.result, _of_squares(operation), terms, r)


def _counted_sum(operation: JaxOperation, r: GridRounding) -> Array:
    """Each entry a sum of another number of terms: of those that are not zero."""
    terms = _of_each(operation, lambda x: np.where(x == 0, 0.0, 1.0))
    if (terms <= 1.0).all():
        return operation.result
    rounded = _unordered_sum(operation.result, _of_squares(operation), terms, r)
    return np.where(terms > 1.0, rounded, operation.result)


def _unordered_sum(value: Array, squares: Array, terms: Any, r: GridRounding) -> Array:
    if value.dtype.kind == "c":
        size = np.sqrt((np.square(np.abs(value)) + np.real(squares)) * terms)
        return _off_by(value, size, r)
    return r.unordered_sum(value, squares, terms)


def _of_squares(operation: JaxOperation) -> Array:
    """The same sum of the squares of its terms."""
    return np.array(_of_each(operation, lambda x: np.square(np.abs(x)).astype(x.dtype)))


def _of_each(operation: JaxOperation, function: Callable[[Array], Array]) -> Array:
    """The same operation of other numbers; indices among its operands stay."""
    return operation.apply(
        *(function(x) if x.dtype.kind in "fc" else x for x in operation.operands)
    )


def _running_product(operation: JaxOperation, r: GridRounding) -> Array:
    """Every factor but the first rounds once."""
    x, result = operation.operands[0], operation.result
    axes = operation.params.get("axes", [operation.params.get("axis")])
    factors = math.prod(x.shape[axis + 1] for axis in axes)
    return _off_by(result, math.sqrt(max(factors - 1, 0)) * np.abs(result), r)


def _solution(operation: JaxOperation, r: GridRounding) -> Array:
    """A solution of equations is off by what the matrix makes of rounding on the right side."""
    matrix, params, result = operation.operands[0], operation.params, operation.result
    one = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape).astype(matrix.dtype)
    left = params["left_side"]
    inverse = np.abs(operation.apply(matrix, one))
    size = np.tril(np.abs(matrix)) if params["lower"] else np.triu(np.abs(matrix))
    if params["unit_diagonal"]:
        size = np.where(one != 0, 1.0, size)
    size = size.mT if params["transpose_a"] else size
    whole = np.abs(result)
    whole = inverse @ (size @ whole) if left else (whole @ size) @ inverse
    return r.summed(result, whole, matrix.shape[-1])


def _transform(operation: JaxOperation, r: GridRounding) -> Array:
    """Of Fourier: log2(n) sums of two in a row, each off by units of the size of a whole row."""
    result, lengths = operation.result, operation.params["fft_lengths"]
    axes = tuple(range(-len(lengths), 0))
    size = np.sqrt(np.square(np.abs(result)).mean(axes, keepdims=True))
    sums = math.log2(max(math.prod(lengths), 2))
    return _off_by(result, np.broadcast_to(math.sqrt(sums) * size, result.shape), r)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ROUNDED: dict[str, Callable[[JaxOperation, GridRounding], Array]] = {
    **dict.fromkeys(("add", "add_any", "sub"), _sum_of_two),
    **dict.fromkeys(("mul", "div", "square", "sqrt"), _relative),
    **dict.fromkeys(("tanh", "logistic", "erf"), _bounded),
    "integer_pow": _power,
    "dot_general": _product,
    "conv_general_dilated": _convolution,
    "reduce_sum": _total,
    **dict.fromkeys(("cumsum", "scatter-add", "reduce_window_sum"), _counted_sum),
    **dict.fromkeys(("reduce_prod", "cumprod"), _running_product),
    "triangular_solve": _solution,
    "fft": _transform,
}
"""Operations by name, and how their results round."""
EXACT = _words(
    """
    abs argmax argmin bitcast_convert_type broadcast_in_dim ceil clamp complex concatenate conj
    convert_element_type copy copy_p cummax cummin device_put dynamic_slice dynamic_update_slice
    empty empty2 expand_dims floor gather imag iota max min name neg nextafter optimization_barrier
    pad pvary real reduce_max reduce_min reduce_precision reduce_window_max reduce_window_min rem
    reshape rev rng_uniform round scatter scatter-max scatter-min select_and_gather_add
    select_and_scatter select_n sharding_constraint sign slice sort split squeeze stack
    stop_gradient tie tile top_k transpose unstack
    """
)
"""Operations whose results are numbers that were there before, or none that round."""
