"""Checks of plain code: its gradients against complex step of itself, and its scatter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bptt_check.cases.types import Array
from bptt_check.recurrences.numpy_code import NumPyCode

STEP = 1e-30
"""Of a complex step: its square is lost beside 1, so the derivative is exact but for rounding."""


def drawn(seed: int = 0, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Arrays of normal numbers by name."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def cotangents_of(outputs: Mapping[str, Array], seed: int = 1) -> dict[str, Array]:
    """Normal numbers for every output."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=np.shape(out)) for name, out in outputs.items()}


def slope_along(
    code: NumPyCode, arrays: Mapping[str, Any], bars: Mapping[str, Array], name: str, way: Array
) -> float:
    """The derivative of the sum of `bar * output` along a way of one input, by complex step."""
    moved = code.outputs({**arrays, name: arrays[name] + 1j * STEP * way})
    return sum(float(np.sum(bars[n] * moved[n].imag)) for n in bars) / STEP


def assert_derivative(function: Callable[..., Any], arrays: Mapping[str, Any], *wrt: str) -> None:
    """Outputs are those of the function itself, gradients those of complex step.

    The tolerance is the rounding of a sum: a thousand units of float64 of the sum of the sizes of
    its terms, as no test here has more operations than that in a row.
    """
    code = NumPyCode(function)
    outputs = code.outputs(arrays)
    bars = cotangents_of(outputs)
    found = code.gradients(arrays, bars, wrt or list(arrays))
    for name, output in outputs.items():
        np.testing.assert_allclose(found.outputs[name], output, rtol=2e-13, atol=2e-13)
    for i, (name, grad) in enumerate(found.grads.items()):
        assert grad.shape == np.shape(arrays[name])
        assert grad.dtype == np.float64
        way = np.random.default_rng(10 + i).normal(size=grad.shape)
        slope = slope_along(code, arrays, bars, name, way)
        size = np.abs(grad * way).sum() + sum(np.abs(bars[n] * outputs[n]).sum() for n in bars)
        assert abs(np.sum(grad * way) - slope) <= 1000 * 2.0**-53 * max(size, 1.0), name
