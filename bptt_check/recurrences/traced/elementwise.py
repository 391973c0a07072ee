"""Functions of single numbers: the value of each, rounded, and the way back of its cotangent.

A rule of one operand gives a value and a pull, a rule of two gives a value and two pulls. Operands
are arrays or floats. All are right for complex step as well: where a function looks at a sign or an
order, that of the real part decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic
from .trace import Pull

Unary = Callable[[Arithmetic, Any], tuple[Array, Pull]]
Binary = Callable[[Arithmetic, Any, Any], tuple[Array, Pull, Pull]]


def _same(bar: Array) -> Array:
    return bar


def _opposite(bar: Array) -> Array:
    return -bar


def _add(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    return r.relative(a + b), _same, _same


def _subtract(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    return r.relative(a - b), _same, _opposite


def _multiply(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    return r.relative(a * b), lambda bar: _times(r, bar, b, a), lambda bar: _times(r, bar, a, b)


def _times(r: Arithmetic, bar: Array, factor: Any, of: Array) -> Array:
    """The share of a factor `of`, which is not rounded where it is to be summed: the sum rounds by
    more than all its terms.
    """
    share = bar * factor
    return r.relative(share) if share.shape[1:] == of.shape[1:] else share


def _divide(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    value = r.relative(a / b)
    return (
        value,
        lambda bar: r.relative(bar / b),
        lambda bar: -r.relative(r.relative(bar * value) / b),
    )


def _power(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    if isinstance(b, float) and b == 2.0:
        return (*_square(r, a), _same)
    value = r.function(a**b)

    def to_base(bar: Array) -> Array:
        return r.relative(bar * r.relative(b * r.function(a ** (b - 1.0))))

    def to_exponent(bar: Array) -> Array:
        log = r.function(np.log(np.where(np.asarray(a) == 0.0, 1.0, a)))
        return r.relative(bar * r.relative(value * log))

    return value, to_base, to_exponent


def _maximum(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    """The larger one; of equal ones each gets half of what flows back."""
    return _chosen(r, a, b, 1.0)


def _minimum(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    return _chosen(r, a, b, -1.0)


def _chosen(r: Arithmetic, a: Any, b: Any, sign: float) -> tuple[Array, Pull, Pull]:
    first = sign * np.real(a) >= sign * np.real(b)
    value = np.where(first | np.isnan(a), a, b)
    return (
        value,
        lambda bar: _share(bar, r.slope_of_relu(sign * (a - b))),
        lambda bar: _share(bar, r.slope_of_relu(sign * (b - a))),
    )


def _share(bar: Array, share: Array) -> Array:
    """A share of a cotangent; of one that is not finite, zero where the share is none."""
    return np.where(share > 0.0, bar, 0.0) * share


def _logaddexp(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    larger = np.where(np.real(a) >= np.real(b), a, b)
    base = np.where(np.isinf(larger), 0.0, larger)
    value = r.function(larger + np.log(np.exp(a - base) + np.exp(b - base)) + (base - larger))
    value = np.where(np.isinf(larger), larger, value)

    def share(bar: Array, of: Any) -> Array:
        return r.relative(
            bar * r.function(np.exp(r.relative(of - np.where(np.isinf(value), 0.0, value))))
        )

    return value, lambda bar: share(bar, a), lambda bar: share(bar, b)


def _arctan2(r: Arithmetic, y: Any, x: Any) -> tuple[Array, Pull, Pull]:
    square = r.relative(r.relative(x * x) + r.relative(y * y))
    angle = r.function(np.arctan2(np.real(y), np.real(x)))
    if np.iscomplexobj(square):  # to first order, which is all of a complex step
        angle = angle + 1j * np.imag(y * np.conj(x)) / np.real(square)
    return (
        angle,
        lambda bar: r.relative(bar * r.relative(x / square)),
        lambda bar: -r.relative(bar * r.relative(y / square)),
    )


def _negative(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    return -a, _opposite


def _positive(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    return +a, _same


def _square(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    return r.relative(a * a), lambda bar: r.relative(bar * (2.0 * a))


def _sqrt(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    value = r.relative(np.sqrt(a))
    return value, lambda bar: r.relative(bar * 0.5 / value)


def _reciprocal(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    value = r.relative(1.0 / a)
    return value, lambda bar: -r.relative(r.relative(bar * value) * value)


def _exp(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    value = r.function(np.exp(a))
    return value, lambda bar: r.relative(bar * value)


def _tanh(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    value = r.function(np.tanh(a), bounded=True)
    return value, lambda bar: r.relative(bar * r.relative(1.0 - r.relative(value * value)))


def _absolute(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
    """|a|, whose slope at zero is zero: the middle between both sides."""
    value = np.where(np.real(a) < 0.0, -a, a)
    return value, lambda bar: bar * (2.0 * r.slope_of_relu(a) - 1.0)


def _constant(ufunc: Any) -> Unary:
    """A function that is flat: nothing flows back."""

    def rule(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
        return ufunc(np.real(a)) + 0.0 * np.imag(a), np.zeros_like

    return rule


def _smooth(ufunc: Any, slope: Callable[[Any, Array], Any]) -> Unary:
    """A library's function, given its slope by argument and value."""

    def rule(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
        value = r.function(ufunc(a))
        return value, lambda bar: r.relative(bar * r.function(slope(a, value)))

    return rule


def _quotient(ufunc: Any, divisor: Callable[[Arithmetic, Any], Any]) -> Unary:
    """A library's function whose slope is one over something."""

    def rule(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
        return r.function(ufunc(a)), lambda bar: r.relative(bar / divisor(r, a))

    return rule


UNARY: dict[Any, Unary] = {
    np.negative: _negative,
    np.positive: _positive,
    np.conjugate: _positive,  # of real numbers
    np.square: _square,
    np.sqrt: _sqrt,
    np.reciprocal: _reciprocal,
    np.exp: _exp,
    np.tanh: _tanh,
    np.absolute: _absolute,
    np.fabs: _absolute,
    np.exp2: _smooth(np.exp2, lambda a, value: value * math.log(2.0)),
    np.expm1: _smooth(np.expm1, lambda a, value: np.exp(a)),
    np.log: _quotient(np.log, lambda r, a: a),
    np.log2: _quotient(np.log2, lambda r, a: a * math.log(2.0)),
    np.log10: _quotient(np.log10, lambda r, a: a * math.log(10.0)),
    np.log1p: _quotient(np.log1p, lambda r, a: r.relative(1.0 + a)),
    np.sin: _smooth(np.sin, lambda a, value: np.cos(a)),
    np.cos: _smooth(np.cos, lambda a, value: -np.sin(a)),
    np.sinh: _smooth(np.sinh, lambda a, value: np.cosh(a)),
    np.cosh: _smooth(np.cosh, lambda a, value: np.sinh(a)),
    np.arctan: _quotient(np.arctan, lambda r, a: r.relative(1.0 + r.relative(a * a))),
    np.sign: _constant(np.sign),
    np.floor: _constant(np.floor),
    np.ceil: _constant(np.ceil),
    np.trunc: _constant(np.trunc),
    np.rint: _constant(np.rint),
}
"""Rules of one operand by the ufunc of NumPy."""

BINARY: dict[Any, Binary] = {
    np.add: _add,
    np.subtract: _subtract,
    np.multiply: _multiply,
    np.divide: _divide,
    np.power: _power,
    np.float_power: _power,
    np.maximum: _maximum,
    np.minimum: _minimum,
    np.logaddexp: _logaddexp,
    np.arctan2: _arctan2,
}
"""Rules of two operands."""

COMPARISONS = (
    *(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal),
    *(np.isfinite, np.isnan, np.isinf, np.signbit, np.logical_not),
    *(np.logical_and, np.logical_or, np.logical_xor),
)
"""Ufuncs that give plain arrays of true and false: the first sample decides for all."""
