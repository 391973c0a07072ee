"""Activations with their slopes, right to the last digits also where they saturate.

Each function takes the pre-activation `a` and writes `f(a)` into `value` and `f'(a)` into `slope`;
`value` may be `a` itself. The slope is computed from `a`, not from the rounded value: `1 - y*y` and
`y*(1 - y)` have no correct digit left once y has rounded to 1, although the true slope is a number
like any other. The backward passes then only multiply.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .types import Array

Activation = Callable[[Array, Array, Array], None]

# Just below log(largest number) - 1 of float32 and float64: up to here neither e^a nor 1/e^a leaves
# the normal range. By item size, because a dtype's limits are slow to look up inside a time loop.
_LARGEST_EXPONENT = {4: 86.5, 8: 707.5}


def sigmoid(a: Array, value: Array, slope: Array) -> None:
    """`sigma(a) = e^a/(1 + e^a)`  (3.1), slope `sigma(a)/(1 + e^a)`  (3.2)."""
    np.minimum(a, _LARGEST_EXPONENT[a.itemsize], out=value)
    np.exp(value, out=value)
    np.add(value, 1.0, out=slope)
    np.divide(value, slope, out=value)
    np.divide(value, slope, out=slope)


def tanh(a: Array, value: Array, slope: Array) -> None:
    """`tanh(a)`, slope `1/cosh(a)^2`  (3.3)."""
    # These overflow only where the slope is below the normal range: 1/inf = 0 is near enough.
    with np.errstate(over="ignore"):
        np.cosh(a, out=slope)
        np.square(slope, out=slope)
    np.divide(1.0, slope, out=slope)
    np.tanh(a, out=value)


def relu(a: Array, value: Array, slope: Array) -> None:
    """`max(a, 0)`, slope 1 for a > 0 and 0 otherwise, also at 0  (3.4)."""
    np.greater(a, 0.0, out=slope)
    np.maximum(a, 0.0, out=value)


def identity(a: Array, value: Array, slope: Array) -> None:
    """`a`, slope 1  (3.5)."""
    slope.fill(1.0)
    np.copyto(value, a)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": tanh,
    "relu": relu,
    "sigmoid": sigmoid,
    "identity": identity,
}
