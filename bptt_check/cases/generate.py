"""The arrays of a spec: the same numbers on every machine.

Only the raw 64-bit stream of PCG64 is used (its output is guaranteed never to change; that of the
distributions above it is not) and only IEEE basic operations afterwards. Every array has a stream
of its own, so changing one size leaves the other arrays alone, which keeps shrinking steady.
Values have three significant decimals and stay away from zero, so that a report can be read.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .model import (
    Model,
    Sizes,
    final_cotangents,
    initial_states,
    input_shapes,
    parameter_shapes,
    target_shape,
)
from .model_words import OF_SIGMOID

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
    seed, regime = how.seed, how.regime
    params = {
        name: _parameter(model, name, shape, seed, regime)
        for name, shape in parameter_shapes(model, sizes).items()
    }
    inputs = {
        name: _input(name, shape, seed, regime)
        for name, shape in input_shapes(model, sizes).items()
    }
    final = {
        name: _values(name, inputs[state].shape, seed)
        for name, state in zip(final_cotangents(model), initial_states(model), strict=False)
    }
    lengths = _lengths(sizes, seed, how.lengths) if how.lengths else None
    targets = _targets(model, sizes, seed)
    if regime == "sentiment":
        inputs["x"], targets = sentiment_data()
        inputs["h0"] = np.zeros_like(inputs["h0"])
    inputs["x"] = _of_kind(inputs["x"], how)
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


def _of_kind(x: NDArray[np.float64], how: Drawn) -> NDArray[np.float64]:
    """The inputs (T, B, D) of the kind that is wanted, from random ones."""
    if how.inputs == "random":
        return x
    if how.inputs == "zero":
        return np.zeros_like(x)
    if how.inputs == "alike":
        return np.broadcast_to(x[:1, :1], x.shape)
    some = _integers("x some", x.shape, how.seed, 3) == 0
    some.flat[_integers("x sure", (1,), how.seed, x.size)[0]] = True
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


def _lengths(sizes: Sizes, seed: int, kind: bool | str) -> NDArray[np.int64]:
    """The number of steps of every sequence, (B,)."""
    drawn = 1 + _integers("lengths", (sizes.B,), seed, sizes.T)
    if kind == "full":
        return np.full_like(drawn, sizes.T)
    if kind == "equal":
        return np.full_like(drawn, 1 + (drawn[0] - 1) % max(1, sizes.T - 1))
    if kind == "one":
        drawn[_integers("lengths one", (1,), seed, sizes.B)[0]] = 1
    return drawn


def sentiment_data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The reviews as one-hot words x (3, 3, 3), time first, and their labels (3, 1)."""
    words = [[SENTIMENT[word] for word in review.split()] for review, _ in REVIEWS]
    labels = np.array([[label] for _, label in REVIEWS])
    return np.eye(len(SENTIMENT))[np.array(words).T], labels


def _parameter(
    model: Model, name: str, shape: tuple[int, ...], seed: int, regime: str
) -> NDArray[np.float64]:
    """Weights of size 1/sqrt(fan-in), biases of size 1/2, bent to what the regime asks for."""
    scale = 1.5 / math.sqrt(shape[-1]) if len(shape) == 2 else 0.5
    values = _values(name, shape, seed) * scale
    unbounded = model.activation in ("relu", "identity")
    if regime == "saturated" and not (
        unbounded and name.startswith("W_hh")
    ):  # every other unit at random, so that the rest still carries gradient
        rows = _integers(f"{name} rows", (shape[0],), seed, 2)
        values *= np.where(rows, SATURATION, 1.0).reshape(-1, *[1] * (len(shape) - 1))
    if regime == "tiny":
        values *= TINY
    if name == "W_hy" and regime == "exploding" and seed % 2:
        values *= LARGE_LOGITS
    if name.startswith("W_hh"):
        values *= {"vanishing": VANISHING, "exploding": EXPLODING}.get(regime, 1.0)
    if regime == "sparse":
        values *= _integers(f"{name} zeros", shape, seed, 3) > 0
    return _significant(values)


def _input(name: str, shape: tuple[int, ...], seed: int, regime: str) -> NDArray[np.float64]:
    """Inputs and initial states of size 1, non-zero; in the sparse regime zeros, one-hot,
    repeated.
    """
    values = _values(name, shape, seed)
    if regime == "one_hot" and name == "x":
        return _hot(shape, seed)
    if regime != "sparse":
        return values
    if name != "x":
        return values * _integers(f"{name} zeros", shape, seed, 2)
    kind = _integers("x kind", shape[:2], seed, 3)[..., None]
    repeated = np.broadcast_to(values[:1], shape)
    return np.where(kind == 0, _hot(shape, seed), np.where(kind == 1, repeated, 0.0))


def _hot(shape: tuple[int, ...], seed: int) -> NDArray[np.float64]:
    """One-hot inputs (T, B, D)."""
    index = _integers("x hot", shape[:2], seed, shape[2])[..., None]
    return (np.arange(shape[2]) == index).astype(np.float64)


def _targets(model: Model, sizes: Sizes, seed: int) -> NDArray[Any]:
    shape = target_shape(model, sizes)
    if model.loss == "cross_entropy":
        return _integers("targets", shape, seed, sizes.O)
    if model.loss in OF_SIGMOID:  # soft labels too: 0, 1/4, ..., 1
        return _integers("targets", shape, seed, 5) / 4.0
    return _values("targets", shape, seed)


def _raw(name: str, shape: tuple[int, ...], seed: int) -> NDArray[np.uint64]:
    """The raw stream of one array."""
    stream = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))
    return stream.random_raw(math.prod(shape)).reshape(shape)


def _integers(name: str, shape: tuple[int, ...], seed: int, below: int) -> NDArray[np.int64]:
    """Integers in [0, below); the modulo's bias is below 2^-50 for the ranges used here."""
    return ((_raw(name, shape, seed) >> np.uint64(11)) % np.uint64(below)).astype(np.int64)


def _values(name: str, shape: tuple[int, ...], seed: int) -> NDArray[np.float64]:
    """Random signs times magnitudes in [0.1, 1), three decimals."""
    raw = _raw(name, shape, seed)
    magnitude = 0.1 + 0.9 * ((raw >> np.uint64(11)) * 2.0**-53)
    signed: NDArray[np.float64] = np.where(raw & np.uint64(1), magnitude, -magnitude)
    return np.round(signed, 3)


def _significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three decimals below the largest power of ten in the array."""
    largest = float(np.max(np.abs(values), initial=0.0))
    decimals = 3 - math.floor(math.log10(largest)) if largest > 0 else 0
    return np.round(values, decimals)
