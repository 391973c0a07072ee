"""Traced arrays whose values are balls: what encloses the results of code, and of its way back.

Functions that have no balls here, and branches on what is not exact, leave the case alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic
from ...equations.namespaces import balls
from ...errors import LeftAlone
from .applying import axes_of, of_one, of_two
from .elementwise import Binary, Unary
from .functions import FUNCTIONS
from .numbers import Numbers
from .operands import spelled
from .trace import Pull

ENCLOSING = balls.ENCLOSING
UNDECIDED = "the reference branches on a value that rounding could change"


def _exact(value: Array) -> Array:
    """Balls as float64, by which code may branch, if they are that exactly."""
    plain = value.astype(np.float64)
    if not np.all(balls.as_balls(plain) == value):
        raise LeftAlone(UNDECIDED)
    return plain


BALL_NUMBERS = Numbers(
    of=balls.as_balls,
    single=lambda number: balls.as_balls(np.full(1, number)),
    plain=_exact,
    stored=object,
)


def _with_slope(value_and_slope: Callable[[Array], tuple[Array, Array]]) -> Unary:
    """A function given by its value and its slope, both of the argument."""

    def rule(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
        value, slope = value_and_slope(a)
        return value, lambda bar: bar * slope

    return rule


def _log_of_base(base: int) -> Unary:
    def rule(r: Arithmetic, a: Any) -> tuple[Array, Pull]:
        log = np.log(balls.as_balls(np.asarray(float(base))))
        return np.log(a) / log, lambda bar: bar / (a * log)

    return rule


def _exp2(a: Array) -> tuple[Array, Array]:
    log = np.log(balls.as_balls(np.asarray(2.0)))
    value = np.exp(a * log)
    return value, value * log


def _absolute(a: Array) -> tuple[Array, Array]:
    return np.abs(a), 2 * balls.slope_of_relu(a) - 1


def _power(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    value = a**b
    return (
        value,
        lambda bar: bar * (b * a ** (b - 1)),
        lambda bar: bar * (value * np.log(a)),
    )


def _larger(sign: int) -> Binary:
    """The larger one of two, or the smaller; at a kink every share of what flows back."""

    def rule(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
        ahead = sign * (a - b)
        share = balls.slope_of_relu(ahead)
        value = b + sign * balls.relu(ahead)
        return value, lambda bar: bar * share, lambda bar: bar * (1 - share)

    return rule


def _logaddexp(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    share, _ = balls.sigmoid_and_slope(a - b)
    value = b + balls.softplus(a - b)
    return value, lambda bar: bar * share, lambda bar: bar * (1 - share)


def _sign_of(difference: Any) -> int:
    if difference > 0:
        return 1
    if difference < 0:
        return -1
    if difference == 0:
        return 0
    raise LeftAlone(UNDECIDED)


_signs: Callable[[Array], Array] = np.frompyfunc(_sign_of, 1, 1)


def _comparison(ufunc: Any) -> Callable[[Any, Any], Any]:
    """A comparison, where balls decide it."""

    def function(a: Any, b: Any) -> Any:
        return ufunc(np.asarray(_signs((a - b).entries[0]), np.int64), 0)

    return function


_is_positive: Callable[[Array], Array] = np.frompyfunc(lambda a: bool(a > 0), 1, 1)


def _extreme(sign: int) -> Any:
    """The largest entries, or the smallest, where it is certain which those are."""

    def function(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        own, axes = a.entries, axes_of(axis, a.ndim)
        ranked = sign * own.astype(np.float64)
        chosen = ranked == ranked.max(axes, keepdims=True)
        value = np.where(chosen, own, 0).sum(axes, keepdims=True)
        if not np.all(chosen | _is_positive(sign * (value - own))):
            raise LeftAlone(
                "the reference takes the largest of numbers that rounding could reorder"
            )
        if np.any(chosen.sum(axes) != 1):
            raise LeftAlone("the reference takes the largest of numbers some of which are equal")

        def pull(bar: Array) -> Array:
            return np.where(chosen, bar if keepdims else np.expand_dims(bar, axes), 0)

        return a.derived(value if keepdims else value.squeeze(axes), pull)

    return function


def _cumsum(a: Any, axis: Any = None) -> Any:
    if axis is None:
        a, axis = a.reshape(-1), 0
    (along,) = axes_of(axis, a.ndim)
    return a.derived(
        a.entries.cumsum(along), lambda bar: np.flip(np.flip(bar, along).cumsum(along), along)
    )


def _left_alone(name: Any) -> Callable[..., Any]:
    def function(*args: Any, **options: Any) -> Any:
        raise LeftAlone(f"the reference uses {_name(name)}, which is not run on balls")

    return function


def _name(name: Any) -> str:
    return name if isinstance(name, str) else spelled(name)


_NOT_ENCLOSED = (
    *(np.sort, np.linalg.inv, np.linalg.solve, np.arctan2),
    *(np.sign, np.floor, np.ceil, np.trunc, np.rint),
)
"""What has no rule for balls here."""
_COMPARED = (*(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal),)

BALL_FUNCTIONS: dict[Any, Any] = {
    **FUNCTIONS,
    **{name: _left_alone(name) for name in _NOT_ENCLOSED},
    **{ufunc: _comparison(ufunc) for ufunc in _COMPARED},
    np.tanh: of_one(_with_slope(balls.tanh_and_slope)),
    np.absolute: of_one(_with_slope(_absolute)),
    np.fabs: of_one(_with_slope(_absolute)),
    np.exp2: of_one(_with_slope(_exp2)),
    np.log2: of_one(_log_of_base(2)),
    np.log10: of_one(_log_of_base(10)),
    np.arctan: of_one(_with_slope(lambda a: (balls.arctan(a), 1 / (1 + a * a)))),
    np.power: of_two(_power),
    np.float_power: of_two(_power),
    np.maximum: of_two(_larger(1)),
    np.minimum: of_two(_larger(-1)),
    np.logaddexp: of_two(_logaddexp),
    np.max: _extreme(1),
    np.amax: _extreme(1),
    np.min: _extreme(-1),
    np.amin: _extreme(-1),
    (np.maximum, "reduce"): lambda a, axis=0, keepdims=False: _extreme(1)(a, axis, keepdims),
    (np.minimum, "reduce"): lambda a, axis=0, keepdims=False: _extreme(-1)(a, axis, keepdims),
    np.cumsum: _cumsum,
    (np.add, "accumulate"): lambda a, axis=0: _cumsum(a, axis),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: a.size,
}
"""Functions of NumPy with what they do on balls."""
