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
    """The logistic function."""
    np.minimum(a, _LARGEST_EXPONENT[a.itemsize], out=value)
    e_a = np.exp(value, out=value)
    one_plus_e_a = np.add(e_a, 1.0, out=slope)
    np.divide(e_a, one_plus_e_a, out=value)  # (3.1)  σ(a) = e^a / (1 + e^a)
    np.divide(value, one_plus_e_a, out=slope)  # (3.2)  σ'(a) = σ(a) / (1 + e^a)


def tanh(a: Array, value: Array, slope: Array) -> None:
    """The hyperbolic tangent."""
    # These overflow only where the slope is below the normal range: 1/inf = 0 is near enough.
    with np.errstate(over="ignore"):
        cosh_a = np.cosh(a, out=slope)
        cosh_a_squared = np.square(cosh_a, out=slope)
    np.divide(1.0, cosh_a_squared, out=slope)  # (3.3)  tanh'(a) = 1 / cosh(a)^2
    np.tanh(a, out=value)


def relu(a: Array, value: Array, slope: Array) -> None:
    """The rectifier; its slope at 0 is 0."""
    np.greater(a, 0.0, out=slope)
    np.maximum(a, 0.0, out=value)  # (3.4)  relu(a) = max(a, 0),   relu'(a) = 1 if a > 0 else 0


def identity(a: Array, value: Array, slope: Array) -> None:
    """No activation."""
    slope.fill(1.0)
    np.copyto(value, a)  # (3.5)  identity(a) = a,   identity'(a) = 1


ACTIVATIONS: dict[str, Activation] = {
    "tanh": tanh,
    "relu": relu,
    "sigmoid": sigmoid,
    "identity": identity,
}
