"""What people test kernels with: arrays that are drawn at random, a few shapes, a tolerance."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

import bptt_check as bc
from bptt_check.cases.recurrences.values import Values

SHAPES = ({"T": 64, "B": 2, "others": 16}, {"T": 63, "B": 1, "others": 8}, {"T": 96, "B": 3})
"""A handful of typical ones; sizes that are not told are 16, or the largest of the inputs."""
GRADCHECK = {"T": 20, "B": 2, "others": 2}
"""Of which gradcheck takes seconds; more steps than a chunk has."""
TINY = 1e-6
"""A largest error that the ratio test lets pass, as in flash-linear-attention."""

Kernel = Callable[..., Sequence[Tensor]]


def as_torch(kernel: Any) -> Kernel:
    """A kernel as a function of tensors by name; a `Vjp` in NumPy becomes one."""
    if not isinstance(kernel, bc.Vjp):
        return kernel
    return lambda **arrays: OfVjp.apply(kernel, [*arrays], *arrays.values())


class OfVjp(torch.autograd.Function):
    """A `Vjp`, which gets bfloat16 as float32."""

    @staticmethod
    def forward(ctx: Any, vjp: bc.Vjp, names: Sequence[str], *tensors: Tensor) -> Any:
        """The outputs, in the dtype of the inputs."""
        ctx.vjp, ctx.names, ctx.dtype = vjp, names, tensors[0].dtype
        arrays = dict(zip(names, map(_numpy, tensors), strict=True))
        outputs, ctx.residuals = vjp.forward(**arrays)
        return tuple(torch.tensor(o).to(ctx.dtype) for o in outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The gradients, in the dtype of the inputs."""
        grads = ctx.vjp.backward(ctx.residuals, tuple(map(_numpy, bars)))
        return None, None, *(torch.tensor(grads[n].copy()).to(ctx.dtype) for n in ctx.names)


def _numpy(tensor: Tensor) -> Any:
    tensor = tensor.detach()
    return (tensor.float() if tensor.element_size() < 4 else tensor).numpy().copy()


def reference_as_torch(reference: Any) -> Kernel:
    """Plain NumPy code with torch in the place of NumPy; torch code as it is."""
    names = reference.__globals__
    if names.get("np") is not np:
        return reference
    return types.FunctionType(reference.__code__, {**names, "np": torch})


def drawn(inputs: bc.Inputs, shape: Mapping[str, int], dtype: torch.dtype) -> dict[str, Tensor]:
    """Inputs as in tests of the field: normal numbers, or uniform ones of a range."""
    others = shape.get("others", 16)
    allowed = {n: max(v) for n, v in inputs.sizes.items() if not isinstance(v, str)}
    sizes = {n: shape.get(n, min(others, most)) for n, most in allowed.items()}
    draw = torch.Generator().manual_seed(0)
    shapes = inputs.shapes(sizes)
    return {n: _numbers(v, shapes[n], draw).to(dtype) for n, v in inputs.values.items()}


def _numbers(values: Values, shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
    if values.kind == "between":
        return values.low + (values.high - values.low) * torch.rand(shape, generator=draw)
    normal = torch.randn(shape, generator=draw) * values.scale
    return torch.nn.functional.normalize(normal, dim=-1) if values.kind == "unit" else normal


def measured(kernel: Kernel, arrays: Mapping[str, Tensor]) -> list[Tensor]:
    """All outputs and gradients; cotangents are normal numbers."""
    leaves = {n: a.clone().requires_grad_() for n, a in arrays.items()}
    outputs = kernel(**leaves)
    draw = torch.Generator().manual_seed(1)
    bars = [torch.randn(o.shape, generator=draw).to(o.dtype) for o in outputs]
    grads = torch.autograd.grad(outputs, [*leaves.values()], bars, allow_unused=True)
    zeros = (torch.zeros_like(a) for a in arrays.values())
    found = (z if g is None else g for g, z in zip(grads, zeros, strict=True))
    return [*(o.detach() for o in outputs), *found]


def found_by_assert_close(kernel: Any, reference: Any, inputs: bc.Inputs, dtype: str) -> bool:
    """Whether `torch.testing.assert_close` at its defaults, beside the reference in the same dtype,
    rejects an output or a gradient.
    """
    for shape in SHAPES:
        arrays = drawn(inputs, shape, getattr(torch, dtype))
        got = measured(as_torch(kernel), arrays)
        want = measured(reference_as_torch(reference), arrays)
        try:
            torch.testing.assert_close(got, want)
        except AssertionError:
            return True
    return False


def largest_ratio(kernel: Any, reference: Any, inputs: bc.Inputs, dtype: str) -> float:
    """The largest of all arrays: root mean square of the error by that of the reference, which is
    computed in float32; 0 where no entry is off by more than `TINY`.
    """
    largest = 0.0
    for shape in SHAPES:
        arrays = drawn(inputs, shape, getattr(torch, dtype))
        got = measured(as_torch(kernel), arrays)
        want = measured(reference_as_torch(reference), {n: a.float() for n, a in arrays.items()})
        for own, true in zip(got, want, strict=True):
            error = own.float() - true
            if not error.abs().max() <= TINY:
                ratio = float(error.square().mean().sqrt() / true.square().mean().sqrt())
                largest = max(largest, ratio if ratio == ratio else float("inf"))
    return largest


def found_by_gradcheck(kernel: Any, inputs: bc.Inputs) -> bool:
    """Whether `torch.autograd.gradcheck` at its defaults rejects the kernel, in float64."""
    arrays = drawn(inputs, GRADCHECK, torch.float64)
    own = as_torch(kernel)

    def by_position(*tensors: Tensor) -> tuple[Tensor, ...]:
        return tuple(own(**dict(zip(arrays, tensors, strict=True))))

    leaves = tuple(a.requires_grad_() for a in arrays.values())
    return not torch.autograd.gradcheck(by_position, leaves, raise_exception=False)
