"""What an input of a recurrence holds: its shape in symbolic sizes, and which numbers.

The same numbers on every machine, as those of a spec are: raw numbers of PCG64, and IEEE basic
operations afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...errors import SpecError, UnknownName
from ..arrays.streams import Streams
from ..precision import PRECISIONS, Precision
from ..types import Array
from .shapes import names_in

ValueKind = Literal["normal", "unit", "between", "integers", "choice"]
REGIMES = (
    "normal",
    "lowest",
    "highest",
    "extremes",
    "sparse",
    "repeated",
    "large",
    "small",
    "zero_states",
)
"""As declared; all values of a range at its low or at its high end, or at either; many zeros; the
same at every step; large and small numbers; normal numbers without an axis of time zero."""
LARGE, SMALL = 4.0, 2.0**-6
"""Factors of normal numbers in these regimes."""
_ROUNDED = 2.0**-7
"""How far, relatively, numbers may be from their range or norm: bfloat16 rounds each by 2**-8."""
OF_RANGES = ("lowest", "highest", "extremes")
_UNIFORM = 4
"""Uniform numbers that a normal one is the sum of: with them it stays below 3.5."""


@dataclass(frozen=True)
class Values:
    """One input.

    Args:
        kind: `"normal"`, about normal, of mean 0 and standard deviation `scale`; `"unit"`, the same
            with unit norm along the last axis; `"between"`, uniform in [low, high]; `"integers"`
            in [low, high]; `"choice"`, one of the `options`, a number of Python.
        shape: lengths of the axes in symbolic sizes.
        low, high, scale, options: see `kind`.
        dtype: "" for that of a case, else its own.
        differentiated: whether it has a gradient.
    """

    kind: ValueKind
    shape: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    scale: float = 1.0
    options: tuple[Any, ...] = ()
    dtype: str = ""
    differentiated: bool = True

    @property
    def sizes(self) -> list[str]:
        """The symbolic sizes in its shape."""
        return [name for axis in self.shape for name in names_in(axis)]

    def precision(self, dtype: str) -> str:
        """The name of its precision, in a case of `dtype`."""
        return self.dtype or dtype

    def may_hold(self, array: Array) -> bool:
        """Whether numbers are of this kind, but for what a half precision rounds."""
        if self.kind in ("between", "integers"):
            low, high = self.low - _ROUNDED * abs(self.low), self.high + _ROUNDED * abs(self.high)
            return bool(np.all((low <= array) & (array <= high)))
        if self.kind == "unit":
            return bool(np.all(np.abs(np.linalg.norm(array, axis=-1) - 1.0) < _ROUNDED))
        return True


def _shape(shape: str) -> tuple[str, ...]:
    if not isinstance(shape, str):
        raise SpecError(f"a shape is a text of sizes such as 'T B K', got {shape!r}.")
    axes = tuple(shape.split())
    for axis in axes:
        names_in(axis)
    return axes


def _dtype(dtype: str) -> str:
    if dtype and dtype not in PRECISIONS:
        raise UnknownName("dtype of an input:", dtype, PRECISIONS)
    return dtype


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def normal(shape: str, scale: float = 1.0, *, dtype: str = "", constant: bool = False) -> Values:
    """An input of about normal numbers of mean 0.

    Args:
        shape: symbolic sizes, `"T B K"`; an axis may be a sum or a product, `"2*K"`.
        scale: their standard deviation.
        dtype: its own, where it is not that of the case: `"float32"` for gates that a kernel wants
            in single precision.
        constant: whether it has no gradient.

    Raises:
        SpecError, UnknownName: an argument is impossible.
    """
    if not (_is_finite(scale) and scale > 0):
        raise SpecError(f"scale must be a positive number, got {scale!r}.")
    return Values(
        "normal", _shape(shape), scale=scale, dtype=_dtype(dtype), differentiated=not constant
    )


def unit(shape: str, *, dtype: str = "", constant: bool = False) -> Values:
    """An input of unit norm along its last axis, as keys often are; else like `normal`."""
    axes = _shape(shape)
    if not axes:
        raise SpecError("unit needs a shape of at least one axis, got ''.")
    return Values("unit", axes, dtype=_dtype(dtype), differentiated=not constant)


def between(
    low: float, high: float, shape: str, *, dtype: str = "", constant: bool = False
) -> Values:
    """An input of numbers from `low` to `high`, ends included; some cases have only the ends.

    Raises:
        SpecError, UnknownName: an argument is impossible.
    """
    if not (_is_finite(low) and _is_finite(high) and low < high):
        raise SpecError(f"between needs two numbers, the lower first, got {low!r} and {high!r}.")
    return Values(
        "between",
        _shape(shape),
        float(low),
        float(high),
        dtype=_dtype(dtype),
        differentiated=not constant,
    )


def integers(low: int, high: int, shape: str = "") -> Values:
    """A constant array of whole numbers from `low` to `high`, both included.

    Raises:
        SpecError: `low` is above `high`, or one of them is no whole number.
    """
    if not (_is_whole(low) and _is_whole(high) and low <= high):
        raise SpecError(f"integers needs whole numbers, low <= high, got {low!r} and {high!r}.")
    return Values("integers", _shape(shape), low, high, differentiated=False)


def choice(*options: Any) -> Values:
    """A constant that is one of the options in each case, as it is: the length of a chunk, a flag.

    Raises:
        SpecError: there is none, or one is neither a number, a text nor None.
    """
    plain = all(o is None or isinstance(o, bool | int | float | str) for o in options)
    if not options or not plain:
        raise SpecError(f"choice needs numbers, texts, True, False or None, got {options!r}.")
    return Values("choice", options=options, differentiated=False)


def draw(
    name: str, values: Values, shape: tuple[int, ...], seed: int, regime: str, time: int | None
) -> Any:
    """The numbers of an input, float64, integers, or one of the options.

    Args:
        name: decides with the seed.
        shape: of the array.
        regime: one of `REGIMES`.
        time: which axis is that of time; None if there is none.
    """
    streams = Streams(seed, (name, f"{name} ends", f"{name} zeros"))
    if values.kind == "choice":
        return values.options[int(streams.raw(name, 1)[0] >> np.uint64(11)) % len(values.options)]
    size = math.prod(shape)
    if values.kind == "integers":
        span = np.uint64(values.high - values.low + 1)
        whole = (streams.raw(name, size) >> np.uint64(11)) % span
        drawn = whole.astype(np.int64).reshape(shape) + int(values.low)
        return _repeated(drawn, regime, time)
    if values.kind == "between":
        drawn = _between(name, values, shape, streams, regime)
    else:
        drawn = _of_regime(_normal(streams, name, size).reshape(shape), regime, time, values)
    if regime == "sparse" and (values.kind != "between" or values.low <= 0.0 <= values.high):
        drawn = drawn * (_uniform(streams, f"{name} zeros", size).reshape(shape) < 0.5)
    drawn = _repeated(drawn, regime, time)
    return _of_unit_norm(drawn) if values.kind == "unit" else drawn


def on_grid(values: Values, drawn: Any, dtype: str) -> Any:
    """The nearest numbers of the precision that an input has in a case of `dtype`, as float64;
    those of a range stay within it.

    Raises:
        SpecError: the range has no such number.
    """
    if not isinstance(drawn, np.ndarray) or drawn.dtype.kind != "f":
        return drawn
    precision = PRECISIONS[values.precision(dtype)]
    nearest: Array = precision.rounded(drawn).astype(np.float64)
    if values.kind != "between":
        return nearest
    low, high = -_highest(precision, -values.low), _highest(precision, values.high)
    if low > high:
        raise SpecError(f"no {precision.name} lies between {values.low!r} and {values.high!r}.")
    return np.clip(nearest, low, high)


def _highest(precision: Precision, bound: float) -> float:
    """The largest number of a precision that is not above a bound."""
    nearest = float(precision.rounded(np.array(bound)))
    if nearest <= bound:
        return nearest
    return min(nearest - float(precision.spacing(np.array(bound))), precision.largest)


def _between(
    name: str, values: Values, shape: tuple[int, ...], streams: Streams, regime: str
) -> Array:
    """Uniform numbers, or the ends of the range."""
    low, high = values.low, values.high
    if regime in ("lowest", "highest"):
        return np.full(shape, low if regime == "lowest" else high)
    if regime == "extremes":
        ends = _uniform(streams, f"{name} ends", math.prod(shape)).reshape(shape)
        return np.where(ends < 0.5, low, high)
    return low + (high - low) * _uniform(streams, name, math.prod(shape)).reshape(shape)


def _of_regime(drawn: Array, regime: str, time: int | None, values: Values) -> Array:
    """Normal numbers of the size of a regime."""
    if regime == "zero_states" and time is None and values.kind == "normal":
        return np.zeros_like(drawn)
    return drawn * values.scale * {"large": LARGE, "small": SMALL}.get(regime, 1.0)


def _repeated(drawn: Array, regime: str, time: int | None) -> Array:
    """The same numbers at every step, where that is the regime."""
    if regime != "repeated" or time is None:
        return drawn
    return np.broadcast_to(drawn.take([0], axis=time), drawn.shape).copy()


def _of_unit_norm(drawn: Array) -> Array:
    """Unit norm along the last axis; zeros become the first unit vector."""
    norm = np.sqrt(np.square(drawn).sum(-1, keepdims=True))
    first = np.arange(drawn.shape[-1]) == 0
    return np.where(norm > 0, drawn / np.where(norm > 0, norm, 1.0), 1.0 * first)


def _normal(streams: Streams, name: str, size: int) -> Array:
    """About normal numbers of three decimals: sums of uniform ones."""
    sums = _uniform(streams, name, _UNIFORM * size).reshape(_UNIFORM, size).sum(0)
    return np.rint((sums - _UNIFORM / 2.0) * math.sqrt(12.0 / _UNIFORM) * 1000.0) / 1000.0


def _uniform(streams: Streams, name: str, size: int) -> Array:
    """Numbers in [0, 1), of three decimals."""
    raw = (streams.raw(name, size) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return np.rint(raw * 1000.0) / 1000.0
