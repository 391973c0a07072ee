"""How many digits a function has, measured from the function itself.

Two measurements of the loss, the larger one counts. Its scatter under changes of all arrays by a
few units in the last place is what the best arithmetic in this precision leaves. Differences of
high order over equally spaced points (Hamming 1971; Moré & Wild 2011) cancel every smooth part, so
what stays is noise, from wherever it comes: also from arithmetic that is coarser than the arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.types import Array
from .point import Arrays, Caller

SAMPLES = 8
POINTS, ORDER = 12, 5
"""How many equally spaced points, and the order of the differences that are taken of them."""
RESOLVED, COARSEST = 8, 2.0**-10
"""Points that must have values of their own to show rounding, and the step at which to give up."""
SPACINGS = (2.0**-14, 2.0**-18, 2.0**-22)
"""Relative distances: the smallest spans a few units in the last place of float32."""
COARSER = 2.0**12
"""Noise this much above the best possible one is another precision, not bad conditioning."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Typical rounding errors: of the loss, and of each gradient entry in the best arithmetic."""

    loss: float
    best_loss: float
    grads: dict[str, Array]

    @property
    def is_coarser(self) -> bool:
        """Whether the loss has far fewer digits than its arrays."""
        return self.loss > COARSER * self.best_loss


def measure_noise(call: Caller, loss: float, grads: Arrays, rng: np.random.Generator) -> Noise:
    """Measure the rounding of a function at its point, where it has this loss and gradients."""
    params = call.point.params
    here = _joined(loss, grads)
    samples = [
        call.answer({n: _last_places(a, rng) for n, a in params.items()}) for _ in range(SAMPLES)
    ]
    moved = [np.abs(_joined(*s) - here) for s in samples if s is not None]
    scatter = np.max(moved, axis=0, initial=0.0)
    noise, size = noise_and_size(call, rng)
    units = {n: PRECISIONS[a.dtype.name].unit * np.abs(grads[n]) for n, a in params.items()}
    own = np.maximum(np.maximum(scatter, noise), _joined(0.0, units))
    best = max(
        float(scatter[0]), PRECISIONS[call.point.dtype].unit * max(abs(loss), size), math.ulp(0.0)
    )
    return Noise(max(best, float(noise[0])), best, _parted(own, grads))


def _joined(loss: float, grads: Arrays) -> Array:
    """Loss and all gradient entries in one vector."""
    return np.concatenate([[loss], *(np.ravel(g) for g in grads.values())])


def _parted(joined: Array, like: Arrays) -> dict[str, Array]:
    """The gradients of a joined vector."""
    ends = np.cumsum([1, *(g.size for g in like.values())])
    parts = zip(like.items(), ends[:-1], ends[1:], strict=True)
    return {n: joined[start:end].reshape(g.shape) for (n, g), start, end in parts}


def _last_places(array: Array, rng: np.random.Generator) -> Array:
    """The array with every entry moved by one or two units in its last place."""
    steps = rng.integers(-2, 3, array.shape)
    return (array + steps * np.spacing(array)).astype(array.dtype)


def noise_and_size(call: Caller, rng: np.random.Generator) -> tuple[Array, float]:
    """The noise of loss and gradients (joined) along random lines, and the largest loss there.

    The median over spacings, so that neither a kink on one line nor curvature at the widest
    spacing passes for noise.
    """
    lines = [_on_line(call, spacing, rng) for spacing in SPACINGS]
    answered = [line for line in lines if line is not None]
    if not answered:
        return np.zeros(1), 0.0
    noises = [_deviation(values) for values in answered]
    return np.median(noises, axis=0), max(float(np.abs(v[:, 0]).max()) for v in answered)


def noise_along(value: Callable[[float], float], step: float) -> float:
    """The noise of a function of one number, from its values at small equal steps.

    It is at least that of a result which is rounded once. Where a step is too small to change the
    result at all (single precision inside), a larger one is taken.
    """
    values = np.array([value(k * step) for k in range(POINTS)])
    while len(set(values.tolist())) < RESOLVED and step < COARSEST:
        step *= 16.0
        values = np.array([value(k * step) for k in range(POINTS)])
    rounded_once = float(np.finfo(np.float64).eps * np.abs(values).max())
    return max(rounded_once, float(_deviation(values)))


def _deviation(values: Array) -> Array:
    """Standard deviation of the noise in values at equally spaced points [POINTS, ...]."""
    differences = np.diff(values, ORDER, axis=0)
    gamma = math.factorial(ORDER) ** 2 / math.factorial(2 * ORDER)
    # relative to the largest one: the squares of 1e-200 and 1e200 are no numbers
    largest = np.maximum(np.abs(differences).max(axis=0), np.finfo(np.float64).tiny)
    return largest * np.sqrt(gamma * np.mean(np.square(differences / largest), axis=0))


def _on_line(call: Caller, spacing: float, rng: np.random.Generator) -> Array | None:
    """Loss and gradients at equally spaced points [POINTS, 1 + entries] beside the given one.

    None if one of them has none.
    """
    params = call.point.params
    count = math.sqrt(sum(a.size for a in params.values()))
    way = {n: rng.choice((-1.0, 1.0), a.shape) * _own_size(a) / count for n, a in params.items()}
    answers = [
        call.answer({n: (a + spacing * j * way[n]).astype(a.dtype) for n, a in params.items()})
        for j in range(1, POINTS + 1)  # from 1 on: at a kink all of them lie on one side
    ]
    if any(answer is None for answer in answers):
        return None
    return np.array([_joined(*answer) for answer in answers if answer is not None])


def _own_size(array: Array) -> Array:
    """The size of each entry, which is what rounding is relative to; 1 where all are zero."""
    return np.abs(array) if np.any(array) else np.ones(array.shape)


def large_changes(array: Array) -> Array:
    """What counts as a large change of each entry: its own size, at least that of its array."""
    typical = float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) or 1.0
    return np.maximum(np.abs(array), typical)
