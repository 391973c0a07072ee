"""How the result of each operation of PyTorch rounds: at which size, or as which of its parts."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch._decomp import core_aten_decompositions, decomposition_table

from ..cases.types import Array
from .operation_call import OperationCall, has_digits


def _relative(call: OperationCall) -> Array:
    if call.result.is_complex():
        return call.at(call.result.abs())
    return call.arithmetic.relative(call.values)


def _function(call: OperationCall) -> Array:
    if call.result.is_complex():
        return call.at(call.result.abs())
    return call.arithmetic.function(call.values)


def _power(call: OperationCall) -> Array:
    """A square is a product."""
    return _relative(call) if call.args[1] in (1, 2) else _function(call)


def _sum_of_two(call: OperationCall) -> Array | None:
    """Nothing rounds where a term is zero: gradients are gathered in arrays of zeros."""
    terms = [a for a in call.args[:2] if isinstance(a, torch.Tensor)]
    places = [p for term in terms if (p := getattr(term, _GATHERED, None)) is not None]
    if len(places) < 2:
        return call.arithmetic.relative(call.values)
    if _are_apart(*places):
        setattr(call.result, _GATHERED, places[0] | places[1])
        return None
    setattr(call.result, _GATHERED, _ANYWHERE)
    meet = torch.logical_and(*(term != 0 for term in terms))
    if not meet.any():
        return None
    return call.at(call.result.abs() * meet)


def _are_apart(places: _Places, others: _Places) -> bool:
    """Whether two arrays are known to have no numbers in the same place."""
    one_axis = len({axis for axis, _ in (*places, *others)}) == 1
    return one_axis and bool(places) and bool(others) and places.isdisjoint(others)


def _gathered(call: OperationCall) -> None:
    """An array of zeros but for what was put into it, and what is added to such a one."""
    setattr(call.result, _GATHERED, _ANYWHERE)


def _selected(call: OperationCall) -> None:
    """The same, put into it at one place of one axis."""
    axis, index = call.args[2:4]
    axis %= call.result.ndim
    setattr(call.result, _GATHERED, frozenset({(axis, index % call.result.shape[axis])}))


def _put(call: OperationCall) -> Array | None:
    """Numbers that are put somewhere; nothing rounds."""
    return _added_up(call) if call.options.get("accumulate") or True in call.args[3:] else None


def _added_up(call: OperationCall) -> Array | None:
    """Numbers that are added to what is there, (there, ..., where, numbers, ...)."""
    ones = [torch.ones_like(a) if has_digits(a) else a for a in call.args[1:]]
    meeting = int(call.func(torch.zeros_like(call.args[0]), *ones, **call.options).abs().max())
    if meeting <= 1:
        return _gathered(call)
    return call.unordered_sum(meeting)


def _total(call: OperationCall) -> Array:
    return call.unordered_sum(call.args[0].numel() // call.result.numel())


def _mean(call: OperationCall) -> Array:
    """A sum whose terms are so many times smaller."""
    terms = call.args[0].numel() // call.result.numel()
    return call.unordered_sum(terms, 1.0 / terms)


def _steps(call: OperationCall) -> torch.Tensor:
    """How many numbers each of a running result is made of."""
    axis, result = call.args[1], call.result
    count = torch.arange(1, result.shape[axis] + 1, dtype=torch.float64)
    return (
        count.reshape(-1, *(1,) * (result.ndim - axis % result.ndim - 1)) if result.ndim else count
    )


def _running_total(call: OperationCall) -> Array:
    return call.unordered_sum(call.result.shape[call.args[1]] if call.result.ndim else 1)


def _running_product(call: OperationCall) -> Array:
    return call.at(call.result.abs() * _steps(call).sqrt())


def _running_logarithm(call: OperationCall) -> Array:
    """Of sums of exponentials: their relative error is that of the logarithm."""
    return call.at(call.result.abs() + _steps(call).sqrt())


def _whole_product(call: OperationCall) -> Array:
    return call.at(call.result.abs() * math.sqrt(call.args[0].numel() // call.result.numel()))


def _product(call: OperationCall) -> Array:
    return call.unordered_sum(call.args[0].shape[-1])


def _convolution(call: OperationCall) -> Array:
    """Of (x, weight) or of (gradient, x, weight): products and sums of them in each result."""
    gradient = call.result if call.number == 0 and len(call.args) == 9 else call.args[0]
    weight = call.args[1] if len(call.args) == 9 else call.args[2]
    products = gradient.numel() * weight[0].numel()
    return call.unordered_sum(max(1, products // call.result.numel()))


def _solved(call: OperationCall, matrix: torch.Tensor, inverse: torch.Tensor, left: bool) -> Array:
    """A solution of equations is off by what the matrix makes of rounding on the right side."""
    size, matrix, inverse = call.result.abs(), matrix.abs(), inverse.abs()
    columns = size.ndim == matrix.ndim
    size = size if columns else size.unsqueeze(-1)
    size = inverse @ (matrix @ size) if left else (size @ matrix) @ inverse
    size = size if columns else size.squeeze(-1)
    return call.arithmetic.summed(call.values, call.sizes(size), matrix.shape[-1])


def _of_triangle(call: OperationCall) -> Array:
    matrix, options = call.args[0].detach(), {**call.options}
    left = options.pop("left", True)
    ones = torch.eye(matrix.shape[-1], dtype=matrix.dtype).expand(matrix.shape)
    inverse = torch.linalg.solve_triangular(matrix, ones, **options)
    return _solved(call, matrix, inverse, left)


def _inverse(call: OperationCall) -> Array:
    return _solved(call, call.args[0].detach(), call.result.detach(), True)


def _solution(call: OperationCall) -> Array | None:
    """Of (matrix, right side); what the matrix was taken apart into is no result of the code."""
    if call.number:
        return None
    matrix = call.args[0].detach()
    return _solved(call, matrix, torch.linalg.inv(matrix), call.options.get("left", True))


def _solution_again(call: OperationCall) -> Array:
    """Of (the parts of a matrix, the order of its rows, right side)."""
    order, lower, upper = torch.lu_unpack(call.args[0].detach(), call.args[1])
    matrix = order @ lower @ upper
    matrix = matrix.mH if call.options.get("adjoint") else matrix
    return _solved(call, matrix, torch.linalg.inv(matrix), call.options.get("left", True))


_Places = frozenset[tuple[int, int]]
"""Axes, and places along them."""
_GATHERED = "bptt_check_gathered"
"""Marks a tensor that is zero but for what was put into it: says where."""
_ANYWHERE: _Places = frozenset()
"""Where that is not known."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ROUNDED: dict[str, Callable[[OperationCall], Array | None]] = {
    **dict.fromkeys(("add", "sub", "rsub"), _sum_of_two),
    **dict.fromkeys(("mul", "div", "reciprocal", "sqrt", "square"), _relative),
    "pow": _power,
    **dict.fromkeys(("sum", "trace"), _total),
    "mean": _mean,
    **dict.fromkeys(("slice_backward", "constant_pad_nd"), _gathered),
    "select_backward": _selected,
    **dict.fromkeys(("index_put", "_unsafe_index_put"), _put),
    "scatter_add": _added_up,
    "cumsum": _running_total,
    "cumprod": _running_product,
    **dict.fromkeys(("logcumsumexp", "_logcumsumexp"), _running_logarithm),
    "prod": _whole_product,
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "vdot"), _product),
    **dict.fromkeys(("convolution", "convolution_backward"), _convolution),
    "linalg_solve_triangular": _of_triangle,
    "linalg_inv_ex": _inverse,
    "_linalg_solve_ex": _solution,
    "linalg_lu_solve": _solution_again,
}
"""Operations by name, without the underscore of those that write, and how their results round."""
_FOLDS_SAMPLES = _words("convolution convolution_backward")
"""Operations among whose axes `vmap` leaves none to the samples."""
_TAKEN_APART = _words(
    """
    addmm addmv elu gelu native_batch_norm native_group_norm native_layer_norm var _log_softmax
    _softmax
    """
)
"""Operations that have parts beside those that PyTorch takes apart for its compilers."""
_EXACT = _words(
    """
    abs alias all amax amin any arange argmax argmin as_strided bernoulli bitwise_and bitwise_not
    bitwise_or cat ceil clamp clamp_max clamp_min clone complex conj conj_physical copy copysign
    cummax cummin detach diag_embed diagonal_scatter embedding empty empty_like empty_permuted
    empty_strided eq expand eye fill flip floor fmod full full_like gather ge gt hardtanh heaviside
    imag index index_copy index_fill index_select isfinite isinf isnan item le leaky_relu
    lift lift_fresh lift_fresh_copy linspace logical_and logical_not logical_or lt masked_fill
    masked_scatter masked_select max maximum median min minimum ne neg new_empty new_empty_strided
    new_full new_ones new_zeros nonzero ones ones_like rand rand_like randint randn randn_like real
    relu remainder repeat repeat_interleave reshape resize roll round scalar_tensor scatter
    select_scatter set sgn sign slice_scatter sort stack t threshold threshold_backward topk tril
    triu trunc unfold unique_consecutive unique_dim view_as_complex view_as_real where zero zeros
    zeros_like _conj _local_scalar_dense _reshape_alias _to_copy _unsafe_index _unsafe_masked_index
    _unsafe_view
    """
)
"""Operations whose results are numbers that were there before, or none that round."""


class OperationRounding(NamedTuple):
    """How an operation rounds, or which parts it is taken apart into; whether samples have no axis
    of their own in it.
    """

    rounded: Callable[[OperationCall], Array | None] | None
    parts: Callable[..., Any] | None
    folds_samples: bool = False


@functools.cache
def operation_rounding(func: Any) -> OperationRounding | None:
    """How an operation rounds; None where it does not. What is not known is taken for a function
    of a library.
    """
    name = func._schema.name.partition("::")[2]
    base = name if name in _EXACT or name in _ROUNDED else name.rstrip("_")
    if func.is_view or base in _EXACT:
        return None
    if base in _ROUNDED:
        return OperationRounding(_ROUNDED[base], None, base in _FOLDS_SAMPLES)
    parts = _decompositions().get(func)
    if parts is None and base in _TAKEN_APART:
        parts = decomposition_table.get(func)
    return OperationRounding(_function, parts)


@functools.cache
def _decompositions() -> dict[Any, Callable[..., Any]]:
    """Parts of composite operations of aten."""
    return dict(core_aten_decompositions())
