"""The arrays of a spec: the same numbers on every machine.

Only the raw 64-bit stream of PCG64 is used (its output is guaranteed never to change; that of the
distributions above it is not) and only IEEE basic operations afterwards. Every array has a stream
of its own, so changing one size leaves the other arrays alone, which keeps shrinking steady.
Values have three significant decimals and stay away from zero, so that a report can be read.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .arrays.streams import Streams, parted
from .model import (
    Model,
    Sizes,
    final_cotangents,
    initial_states,
    input_shapes,
    parameter_shapes,
    target_shape,
)
from .words.model_words import OF_SIGMOID

Regime = Literal["normal", "saturated", "tiny", "vanishing", "exploding", "sparse"]
REGIMES: tuple[str, ...] = get_args(Regime)

INPUTS = ("random", "zero", "negative_zero", "large", "subnormal", "alike")
"""Kinds of inputs: all zero; some zeros with a minus sign; some beyond 1, up to 20; some below the
smallest normal number; the same at every step and in every sequence, targets and cotangents too."""
INITIAL_STATES = ("random", "zero", "zero_h", "zero_c")
LENGTHS = ("full", "one", "equal")
"""Kinds of lengths beside those drawn at random: all T; one of them 1; all the same."""

SENTIMENT = {"cat": 0, "mat": 1, "rat": 2}
"""A vocabulary of three words, one-hot in this order, with its three labelled reviews."""
REVIEWS = (("cat mat rat", 1.0), ("rat rat mat", 0.0), ("cat rat mat", 1.0))
ON_REQUEST = ("one_hot",)
"""Regimes that only a target asks for: inputs that are one-hot throughout."""
DATA_SETS = ("sentiment",)
"""Regimes with given inputs and targets; never drawn, as they need their own sizes and model."""

SATURATION = 20.0  # pre-activations of 20 to 40: the sigmoid's complement is 1e-9 to 1e-17
TINY = 0.001
VANISHING = 0.1  # recurrent weights per step; 0.1^10 is ten digits below the last step's share
EXPLODING = 3.0
LARGE_INPUTS = 20.0  # of some inputs: beyond where tanh and sigmoid are flat
BLOCK = 2**13  # numbers that are made at once, so that they stay in the cache
LARGE_LOGITS = 10000.0  # logits beyond 709, where exp overflows if nobody takes the maximum out


@dataclass(frozen=True)
class Drawn:
    """How the arrays of a case are drawn.

    Args:
        seed, regime, lengths, inputs, initial_state: as in `Spec`.
        tiniest: the smallest normal number of the case's dtype.
    """

    seed: int
    regime: str = "normal"
    lengths: bool | str = False
    inputs: str = "random"
    initial_state: str = "random"
    tiniest: float = 2.0**-1022


def draw_arrays(model: Model, sizes: Sizes, how: Drawn) -> dict[str, Any]:
    """Every array of a case in float64: `params` (dict), `x`, `h0`, `c0`, `targets`, `lengths`,
    cotangents, and `more_states` (dict).
    """
    streams, shapes = Streams(how.seed, _names(model)), _real_shapes(model, sizes)
    values = _values(shapes, streams)
    params = _significant(
        {name: _parameter(model, name, values[name], how, streams) for name in _parameters(model)}
    )
    inputs = {
        name: _input(name, values[name], how.regime, streams) for name in input_shapes(model, sizes)
    }
    final = {name: values[name] for name in final_cotangents(model)}
    lengths = _lengths(sizes, how.lengths, streams) if how.lengths else None
    targets = values["targets"] if "targets" in values else _classes(model, sizes, streams)
    if how.regime == "sentiment":
        inputs["x"], targets = sentiment_data()
        inputs["h0"] = np.zeros_like(inputs["h0"])
    inputs["x"] = _of_kind(inputs["x"], how, streams)
    for state in model.layout.states:
        if how.initial_state in ("zero", f"zero_{state}"):
            inputs[f"{state}0"] = np.zeros_like(inputs[f"{state}0"])
    if how.inputs == "alike":
        final = {name: np.full_like(a, a.flat[0]) for name, a in final.items()}
        targets = _alike(model, targets)
    arrays = {**inputs, **final, "lengths": lengths, "targets": targets}
    more = {n: arrays.pop(n) for n in (*inputs, *final) if n not in FIELDS}
    return {"params": params, "more_states": more, **arrays}


FIELDS = ("x", "h0", "c0", "cotangent_h_n", "cotangent_c_n")
"""Inputs and cotangents that a case has a field for; the others are among its `more_states`."""


def _of_kind(x: NDArray[np.float64], how: Drawn, streams: Streams) -> NDArray[np.float64]:
    """The inputs (T, B, D) of the kind that is wanted, from random ones."""
    if how.inputs == "random":
        return x
    if how.inputs == "zero":
        return np.zeros_like(x)
    if how.inputs == "alike":
        return np.broadcast_to(x[:1, :1], x.shape)
    some = _integers("x some", x.shape, streams, 3) == 0
    some.flat[_integers("x sure", (1,), streams, x.size)[0]] = True
    if how.inputs == "negative_zero":
        return np.where(some, -0.0, x)
    if how.inputs == "subnormal":
        return np.where(some, x * how.tiniest, x)
    return np.where(some, np.round(LARGE_INPUTS * x, 2), x)


def _alike(model: Model, targets: NDArray[Any]) -> NDArray[Any]:
    """The same target at every step and for every sequence; for a linear loss one number."""
    if model.loss == "linear":
        return np.full_like(targets, targets.flat[0])
    outer = targets.ndim - (model.loss != "cross_entropy")
    return np.broadcast_to(targets[(slice(1),) * outer], targets.shape)


def _lengths(sizes: Sizes, kind: bool | str, streams: Streams) -> NDArray[np.int64]:
    """The number of steps of every sequence, (B,)."""
    drawn = 1 + _integers("lengths", (sizes.B,), streams, sizes.T)
    if kind == "full":
        return np.full_like(drawn, sizes.T)
    if kind == "equal":
        return np.full_like(drawn, 1 + (drawn[0] - 1) % max(1, sizes.T - 1))
    if kind == "one":
        drawn[_integers("lengths one", (1,), streams, sizes.B)[0]] = 1
    return drawn


def sentiment_data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The reviews as one-hot words x (3, 3, 3), time first, and their labels (3, 1)."""
    words = [[SENTIMENT[word] for word in review.split()] for review, _ in REVIEWS]
    labels = np.array([[label] for _, label in REVIEWS])
    return np.eye(len(SENTIMENT))[np.array(words).T], labels


@functools.lru_cache(maxsize=256)
def _parameters(model: Model) -> tuple[str, ...]:
    return tuple(parameter_shapes(model, Sizes()))


@functools.lru_cache(maxsize=256)
def _names(model: Model) -> tuple[str, ...]:
    """Of all streams that the arrays of a model may need."""
    params, inputs = _parameters(model), tuple(input_shapes(model, Sizes()))
    more = [f"{name} {kind}" for name in params for kind in ("rows", "zeros")]
    more += [f"{name} zeros" for name in inputs]
    more += ["x some", "x sure", "x kind", "x hot", "lengths", "lengths one", "targets"]
    return (*params, *inputs, *final_cotangents(model), *more)


def _real_shapes(model: Model, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Every array that holds any real numbers."""
    inputs = input_shapes(model, sizes)
    pairs = zip(final_cotangents(model), initial_states(model), strict=False)
    shapes = {**parameter_shapes(model, sizes), **inputs, **{n: inputs[of] for n, of in pairs}}
    if model.loss != "cross_entropy" and model.loss not in OF_SIGMOID:
        shapes["targets"] = target_shape(model, sizes)
    return shapes


def _parameter(
    model: Model, name: str, values: NDArray[np.float64], how: Drawn, streams: Streams
) -> NDArray[np.float64]:
    """Weights of size 1/sqrt(fan-in), biases of size 1/2, bent to what the regime asks for."""
    regime, shape = how.regime, values.shape
    values = values * (1.5 / math.sqrt(shape[-1]) if len(shape) == 2 else 0.5)
    unbounded = model.activation in ("relu", "identity")
    if regime == "saturated" and not (
        unbounded and name.startswith("W_hh")
    ):  # every other unit at random, so that the rest still carries gradient
        rows = _integers(f"{name} rows", (shape[0],), streams, 2)
        values *= np.where(rows, SATURATION, 1.0).reshape(-1, *[1] * (len(shape) - 1))
    if regime == "tiny":
        values *= TINY
    if name == "W_hy" and regime == "exploding" and how.seed % 2:
        values *= LARGE_LOGITS
    if name.startswith("W_hh"):
        values *= {"vanishing": VANISHING, "exploding": EXPLODING}.get(regime, 1.0)
    if regime == "sparse":
        values *= _integers(f"{name} zeros", shape, streams, 3) > 0
    return values


def _input(
    name: str, values: NDArray[np.float64], regime: str, streams: Streams
) -> NDArray[np.float64]:
    """Inputs and initial states of size 1, non-zero; in the sparse regime zeros, one-hot,
    repeated.
    """
    shape = values.shape
    if regime == "one_hot" and name == "x":
        return _hot(shape, streams)
    if regime != "sparse":
        return values
    if name != "x":
        return values * _integers(f"{name} zeros", shape, streams, 2)
    kind = _integers("x kind", shape[:2], streams, 3)[..., None]
    repeated = np.broadcast_to(values[:1], shape)
    return np.where(kind == 0, _hot(shape, streams), np.where(kind == 1, repeated, 0.0))


def _hot(shape: tuple[int, ...], streams: Streams) -> NDArray[np.float64]:
    """One-hot inputs (T, B, D)."""
    index = _integers("x hot", shape[:2], streams, shape[2])[..., None]
    return (np.arange(shape[2]) == index).astype(np.float64)


def _classes(model: Model, sizes: Sizes, streams: Streams) -> NDArray[Any]:
    """Targets that take few values: labels, and 0, 1/4, ..., 1 for losses of a sigmoid."""
    shape = target_shape(model, sizes)
    if model.loss == "cross_entropy":
        return _integers("targets", shape, streams, sizes.O)
    return _integers("targets", shape, streams, 5) / 4.0


def _integers(name: str, shape: tuple[int, ...], streams: Streams, below: int) -> NDArray[np.int64]:
    """Integers in [0, below); the modulo's bias is below 2^-50 for the ranges used here."""
    raw = streams.raw(name, math.prod(shape)).reshape(shape)
    return ((raw >> np.uint64(11)) % np.uint64(below)).astype(np.int64)


def _values(
    shapes: Mapping[str, tuple[int, ...]], streams: Streams
) -> dict[str, NDArray[np.float64]]:
    """Random signs times magnitudes in [0.1, 1), three decimals: of all arrays at once."""
    raw = np.concatenate([streams.raw(name, math.prod(s)) for name, s in shapes.items()])
    flat = np.empty(raw.shape)
    for start in range(0, raw.size, BLOCK):
        flat[start : start + BLOCK] = _signed(raw[start : start + BLOCK])
    return parted(flat, shapes)


def _signed(raw: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers of three decimals, from raw ones."""
    values = (raw >> np.uint64(11)).astype(np.float64)
    values *= 2.0**-53
    values *= 0.9
    values += 0.1
    _rounded(values, 1000.0)
    values.view(np.uint64)[...] |= (raw ^ np.uint64(1)) << np.uint64(63)  # even ones are negative
    return values


def _significant(arrays: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Three decimals below the largest power of ten in each array."""
    flat = np.concatenate([values.ravel() for values in arrays.values()])
    sizes = [values.size for values in arrays.values()]
    starts = [0, *itertools.accumulate(sizes[:-1])]
    largest = np.maximum.reduceat(np.abs(flat), starts).tolist()
    decimals = [3 - math.floor(math.log10(n)) if n > 0 else 0 for n in largest]
    scale = np.repeat([10.0 ** abs(n) for n in decimals], sizes)
    if min(decimals) >= 0:
        flat = _rounded(flat, scale)
    else:  # of numbers beyond 10^4 also digits before the point
        small = np.repeat([n >= 0 for n in decimals], sizes)
        flat = np.where(small, np.rint(flat * scale) / scale, np.rint(flat / scale) * scale)
    return parted(flat, {name: values.shape for name, values in arrays.items()})


def _rounded(values: NDArray[np.float64], scale: Any) -> NDArray[np.float64]:
    """Values, changed in place to multiples of 1 / scale."""
    values *= scale
    np.rint(values, out=values)
    values /= scale
    return values
