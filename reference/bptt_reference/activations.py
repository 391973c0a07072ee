"""Activations with their slopes, right to the last digits also where they saturate.

Each is two functions. The first writes `f(a)` into `value`, inside the time loop. The second writes
`f'(a)` into `slope`, for many steps at once, because no step waits for it. In between, `a` holds
what the slope is computed from: `a` itself or, for a sigmoid, `1 + e^a`. A slope is not computed
from the rounded value: `1 - y*y` and `y*(1 - y)` have no correct digit left once y is rounded to 1,
although the true slope is a number like any other. The backward passes then only multiply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .types import Array


class Activation(NamedTuple):
    """`value(a, value)` and `slope(a, value, slope)`; `slope` may be the array `a` itself."""

    value: Callable[[Array, Array], None]
    slope: Callable[[Array, Array, Array], None]


# Arrays, because each number that is none costs as much to convert as the arithmetic of a small
# step. By item size, because a dtype's limits are slow to look up inside a time loop.
_ONE = {4: np.array(1.0, np.float32), 8: np.array(1.0)}
# Just below log(largest number) - 1 of float32 and float64: up to here neither e^a nor 1/e^a leaves
# the normal range.
_LARGEST_EXPONENT = {4: np.array(86.5, np.float32), 8: np.array(707.5)}


def sigmoid(a: Array, value: Array) -> None:
    """The logistic function; leaves `1 + e^a` in `a`."""
    np.minimum(a, _LARGEST_EXPONENT[a.itemsize], out=value)
    e_a = np.exp(value, out=value)
    one_plus_e_a = np.add(e_a, _ONE[a.itemsize], out=a)
    np.divide(e_a, one_plus_e_a, out=value)  # (3.1)  σ(a) = e^a / (1 + e^a)


def sigmoid_slope(one_plus_e_a: Array, value: Array, slope: Array) -> None:
    """The slope of the logistic function."""
    np.divide(value, one_plus_e_a, out=slope)  # (3.2)  σ'(a) = σ(a) / (1 + e^a)


def tanh(a: Array, value: Array) -> None:
    """The hyperbolic tangent."""
    np.tanh(a, out=value)


def tanh_slope(a: Array, value: Array, slope: Array) -> None:
    """The slope of the hyperbolic tangent."""
    # These overflow only where the slope is below the normal range: 1/inf = 0 is near enough.
    with np.errstate(over="ignore"):
        cosh_a = np.cosh(a, out=slope)
        cosh_a_squared = np.square(cosh_a, out=slope)
    np.divide(_ONE[a.itemsize], cosh_a_squared, out=slope)  # (3.3)  tanh'(a) = 1 / cosh(a)^2


def relu(a: Array, value: Array) -> None:
    """The rectifier."""
    np.maximum(a, 0.0, out=value)  # (3.4)  relu(a) = max(a, 0),   relu'(a) = 1 if a > 0 else 0


def relu_slope(a: Array, value: Array, slope: Array) -> None:
    """The slope of the rectifier (3.4); 0 at 0."""
    np.greater(a, 0.0, out=slope)


def identity(a: Array, value: Array) -> None:
    """No activation."""
    np.copyto(value, a)  # (3.5)  identity(a) = a,   identity'(a) = 1


def identity_slope(a: Array, value: Array, slope: Array) -> None:
    """The slope of no activation (3.5)."""
    slope.fill(1.0)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(tanh, tanh_slope),
    "relu": Activation(relu, relu_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "identity": Activation(identity, identity_slope),
}
