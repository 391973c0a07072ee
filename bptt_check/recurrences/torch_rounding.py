"""Every operation of PyTorch rounds at random, in the forward and in the backward pass.

A dispatch mode sees what a function does as operations of aten, those of autograd included.
Composite ones are taken apart first, so that what cancels inside them rounds as it does in code.
Samples lie along the first axis, where `vmap` has put them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch._decomp import core_aten_decompositions
from torch.utils._python_dispatch import TorchDispatchMode

from ..cases.types import Array
from ..equations.arithmetics.rounding import GridRounding


class RoundingMode(TorchDispatchMode):
    """Rounds every result of float64 that has samples along its first axis.

    Args:
        arithmetic: how.
        samples: how many there are.
    """

    def __init__(self, arithmetic: GridRounding, samples: int) -> None:
        super().__init__()
        self.arithmetic, self.samples = arithmetic, samples

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No compiler is meant here: else PyTorch imports its own, which takes seconds."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The result of an operation of aten, rounded where that rounds."""
        how, options = _how(func), kwargs or {}
        if how is None:
            return func(*args, **options)
        if how.parts is not None:
            with self:
                result = how.parts(*args, **options)
            if result is not NotImplemented:
                return result
        result = func(*args, **options)
        if how.rounded is None or not self._has_samples(result):
            return result
        call = _Call(self, func, args, options, result)
        if (values := how.rounded(call)) is not None:
            result.copy_(torch.from_numpy(values.reshape(result.shape)))
        return result

    def _has_samples(self, result: Any) -> bool:
        return (
            isinstance(result, torch.Tensor)
            and result.dtype is torch.float64
            and result.numel() > 0
            and result.ndim > 0
            and result.shape[0] % self.samples == 0
        )


class _Call(NamedTuple):
    """An operation, what it was given, and what it gave."""

    mode: RoundingMode
    func: Any
    args: Sequence[Any]
    options: Mapping[str, Any]
    result: torch.Tensor

    @property
    def values(self) -> Array:
        return self.by_samples(self.result)

    @property
    def arithmetic(self) -> GridRounding:
        return self.mode.arithmetic

    def by_samples(self, values: torch.Tensor) -> Array:
        """Values with the samples as their first axis, which they may share with others."""
        return values.detach().reshape(self.mode.samples, -1).numpy()

    def unordered_sum(self, terms: int) -> Array:
        """The result as a sum of so many terms, each a product of entries of the arguments."""
        squares = [a.detach().square() if isinstance(a, torch.Tensor) else a for a in self.args]
        of_squares = self.by_samples(self.func(*squares, **self.options))
        return self.arithmetic.unordered_sum(self.values, of_squares, terms)


def _relative(call: _Call) -> Array:
    return call.arithmetic.relative(call.values)


def _function(call: _Call) -> Array:
    return call.arithmetic.function(call.values)


def _sum_of_two(call: _Call) -> Array | None:
    """Nothing rounds where a term is zero: gradients are gathered in arrays of zeros."""
    terms = [a for a in call.args[:2] if isinstance(a, torch.Tensor)]
    if not all(getattr(term, _GATHERED, False) for term in terms):
        return _relative(call)
    setattr(call.result, _GATHERED, True)
    meet = torch.logical_and(*(term != 0 for term in terms))
    if not meet.any():
        return None
    return call.arithmetic.absolute(call.values, call.by_samples(call.result.abs() * meet))


def _gathered(call: _Call) -> None:
    """An array of zeros but for what was put into it, and what is added to such a one."""
    setattr(call.result, _GATHERED, True)


def _total(call: _Call) -> Array:
    return call.unordered_sum(call.args[0].numel() // call.result.numel())


def _mean(call: _Call) -> Array:
    """A sum whose terms are so many times smaller."""
    terms = call.args[0].numel() // call.result.numel()
    squares = call.by_samples(call.func(call.args[0].detach().square(), *call.args[1:]) / terms)
    return call.arithmetic.unordered_sum(call.values, squares, terms)


def _running_total(call: _Call) -> Array:
    return call.unordered_sum(call.result.shape[call.args[1]])


def _product(call: _Call) -> Array:
    return call.unordered_sum(call.args[0].shape[-1])


def _solution(call: _Call) -> Array:
    """A solution of equations is off by what the matrix makes of rounding on the right side."""
    matrix, options = call.args[0].detach(), {**call.options}
    left = options.pop("left", True)
    ones = torch.eye(matrix.shape[-1], dtype=matrix.dtype).expand(matrix.shape)
    inverse = torch.linalg.solve_triangular(matrix, ones, **options).abs()
    size, matrix = call.result.abs(), matrix.abs()
    size = inverse @ (matrix @ size) if left else (size @ matrix) @ inverse
    return call.arithmetic.summed(call.values, call.by_samples(size), matrix.shape[-1])


_GATHERED = "bptt_check_gathered"
"""Marks a tensor that is zero but for what was put into it."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ROUNDED: dict[str, Callable[[_Call], Array | None]] = {
    **dict.fromkeys(("add", "sub", "rsub"), _sum_of_two),
    **dict.fromkeys(
        ("mul", "div", "reciprocal", "sqrt", "square", "addcmul", "addcdiv", "lerp"), _relative
    ),
    **dict.fromkeys(("sum", "trace"), _total),
    "mean": _mean,
    **dict.fromkeys(("select_backward", "slice_backward", "constant_pad_nd"), _gathered),
    "cumsum": _running_total,
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "vdot"), _product),
    "linalg_solve_triangular": _solution,
}
"""Operations by name, without the underscore of those that write, and how their results round."""
_EXACT = _words(
    """
    abs alias all amax amin any arange argmax argmin as_strided bernoulli bitwise_and bitwise_not
    bitwise_or cat ceil clamp clamp_max clamp_min clone complex conj conj_physical copy copysign
    cummax cummin detach diag_embed diagonal_scatter embedding empty empty_like empty_permuted
    empty_strided eq expand eye fill flip floor fmod full full_like gather ge gt hardtanh heaviside
    imag index index_copy index_fill index_put index_select isfinite isinf isnan item le leaky_relu
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


class _How(NamedTuple):
    """How an operation rounds, or which parts it is taken apart into."""

    rounded: Callable[[_Call], Array | None] | None
    parts: Callable[..., Any] | None


@functools.cache
def _how(func: Any) -> _How | None:
    """How an operation rounds; None where it does not. What is not known is taken for a function
    of a library.
    """
    name = func._schema.name.partition("::")[2]
    base = name if name in _EXACT or name in _ROUNDED else name.rstrip("_")
    if func.is_view or base in _EXACT:
        return None
    if base in _ROUNDED:
        return _How(_ROUNDED[base], None)
    return _How(_function, _decompositions().get(func))


@functools.cache
def _decompositions() -> dict[Any, Callable[..., Any]]:
    """Parts of composite operations of aten."""
    return dict(core_aten_decompositions())
