"""What the tests of `examples/recurrences/` share: loading one, and gradients to compare with."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

import bptt_check as bc

CHUNK = 4
SIZES = [(T, B) for T in (1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3) for B in (1, 3)]
"""T and B around the boundaries of chunks."""
STEP = 1e-30
"""Of complex steps: its square is nothing beside 1."""
WITHIN = 1e-10
"""Of the largest entry: 1e5 roundings of float64 stay below it, no wrong formula does."""


@dataclass(frozen=True)
class ForwardAndBackward:
    """What `bc.Vjp` is, as long as the package has none."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]


def anything(*_arguments: object, **_named: object) -> None:
    """What `bc.Inputs` and its ranges are, as long as the package has none."""


def example(name: str) -> Any:
    """The module of an example."""
    with ExitStack() as stack:
        for attribute in ("Inputs", "unit", "between", "normal", "integers", "Vjp"):
            if not hasattr(bc, attribute):
                stand_in = ForwardAndBackward if attribute == "Vjp" else anything
                stack.enter_context(patch.object(bc, attribute, stand_in, create=True))
        return importlib.import_module(f"recurrences.{name}")


def differing(got: Mapping[str, Any], expected: Mapping[str, Any]) -> set[str]:
    """Names of arrays that are not the same within `WITHIN`, NaN and wrong shapes included."""
    assert got.keys() == expected.keys()
    return {name for name in got if not _same(np.asarray(got[name]), np.asarray(expected[name]))}


def _same(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.shape != expected.shape:
        return False
    return bool(np.abs(got - expected).max() <= WITHIN * np.abs(expected).max())


def by_autograd(
    function: Callable[..., Sequence[Any]], arrays: Mapping[str, np.ndarray], bars: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs by number and gradients by name, of a function of torch."""
    import torch

    leaves = {name: torch.tensor(x, requires_grad=True) for name, x in arrays.items()}
    outputs = function(**leaves)
    grads = torch.autograd.grad(
        [*outputs], [*leaves.values()], [torch.tensor(bar) for bar in bars], allow_unused=True
    )
    values = {str(n): out.detach().numpy() for n, out in enumerate(outputs)}
    return values, {n: None if g is None else g.numpy() for n, g in zip(leaves, grads, strict=True)}


def by_complex_steps(
    function: Callable[..., Sequence[Any]], arrays: Mapping[str, np.ndarray], bars: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same of an analytic function of NumPy, one entry after the other."""
    grads = {name: np.zeros_like(x) for name, x in arrays.items()}
    for name, x in arrays.items():
        for index in np.ndindex(x.shape):
            moved = x.astype(complex)
            moved[index] += 1j * STEP
            outputs = function(**{**arrays, name: moved})
            slopes = (np.imag(out) / STEP for out in outputs)
            grads[name][index] = sum((b * s).sum() for b, s in zip(bars, slopes, strict=True))
    return {str(n): out for n, out in enumerate(function(**arrays))}, grads


def by_hand(
    vjp: Any, arrays: Mapping[str, np.ndarray], bars: Sequence[Any], **options: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same of a forward and a backward in NumPy."""
    outputs, residuals = vjp.forward(**arrays, **options)
    return {str(n): out for n, out in enumerate(outputs)}, vjp.backward(residuals, tuple(bars))


def in_bfloat16_as_in_float32(
    function: Callable[..., Sequence[Any]], arrays: Mapping[str, np.ndarray]
) -> bool:
    """Whether bfloat16 gives what float32 gives for the same values, rounded once at the end."""
    import torch

    def results(dtype: Any) -> list[Any]:
        leaves = [torch.tensor(x).bfloat16().to(dtype).requires_grad_() for x in arrays.values()]
        outputs = [*function(**dict(zip(arrays, leaves, strict=True)))]
        grads = torch.autograd.grad(outputs, leaves, [torch.ones_like(out) for out in outputs])
        assert {x.dtype for x in (*outputs, *grads)} == {dtype}
        return [x.bfloat16() for x in (*outputs, *grads)]

    pairs = zip(results(torch.bfloat16), results(torch.float32), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def kept_dtype(
    vjp: Any, arrays: Mapping[str, np.ndarray], bars: Sequence[np.ndarray], dtype: str
) -> bool:
    """Whether outputs and gradients have the dtype that the inputs are given in."""
    given = {name: x.astype(dtype) for name, x in arrays.items()}
    outputs, grads = by_hand(vjp, given, [bar.astype(dtype) for bar in bars])
    return {x.dtype for x in (*outputs.values(), *grads.values())} == {np.dtype(dtype)}
