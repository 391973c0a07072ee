"""How many digits a function has, measured from the function itself.

Two measurements of the loss, the larger one counts. Its scatter under changes of all arrays by a
few units in the last place is what the best arithmetic in this precision leaves. Differences of
high order over equally spaced points (Hamming 1971; Moré & Wild 2011) cancel every smooth part, so
what stays is noise, from wherever it comes: also from arithmetic that is coarser than the arrays.
A steep or quickly varying loss leaves something too. It is continuous, though, and rounding jumps:
that tells them apart, and where nothing jumps, points are taken closer to each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ...cases.precision import PRECISIONS
from ...cases.types import Array
from ..point import Arrays, Caller, Point
from .continuity import jump_between

SAMPLES = 8
POINTS, ORDER = 12, 5
"""How many equally spaced points, and the order of the differences that are taken of them."""
RESOLVED, COARSEST = 8, 2.0**-10
"""Points that must have values of their own to show rounding, and the step at which to give up."""
SPACINGS = (2.0**-14, 2.0**-18, 2.0**-22)
"""Relative distances: the smallest spans a few units in the last place of float32."""
CLOSER = tuple(2.0**-k for k in range(26, 46, 4))
"""Further ones, for a loss that varies within the smallest of the others."""
NARROWEST = 2.0**-50
"""The relative distance down to which a jump is followed."""
NEAR = 2.0**-36
"""The distance over which the slope between jumps is measured."""
SUSPICIOUS = 2.0**6
"""Noise this much above the best possible one is coarse arithmetic, or no noise at all."""
NO_DIGITS = 2.0**-10
"""A loss that moves by more than this share over the shortest distances tells no derivative."""
COARSEST_UNIT = 2.0**-6
"""A jump by more than this share of a loss is no rounding, not even that of bfloat16."""
WIDE = 2.0**-4
"""Relative distance within which the coarsest arithmetic jumps."""
SAME_SIZE = 2.0**4
"""Jumps of rounding differ by no more than this, those of a loss that has a threshold do."""
COARSER = 2.0**12
"""Noise this much above the best possible one is another precision, not bad conditioning."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Typical rounding errors: of the loss, and of each gradient entry in the best arithmetic.

    `jumps` says that the loss was seen to jump by more than the best arithmetic does, `has_digits`
    that the shortest distances leave something of it.
    """

    loss: float
    best_loss: float
    grads: dict[str, Array]
    jumps: bool = False
    has_digits: bool = True

    @property
    def is_coarser(self) -> bool:
        """Whether the loss has far fewer digits than its arrays."""
        return self.jumps and self.loss > COARSER * self.best_loss


@dataclass(frozen=True, eq=False)
class _Line:
    """Loss and all gradients at equally spaced points [POINTS, 1 + entries] along a direction."""

    way: dict[str, Array]
    spacing: float
    values: Array

    @property
    def noise(self) -> Array:
        """What high differences leave of the loss and of each gradient entry."""
        return _deviation(self.values)


def measure_noise(call: Caller, loss: float, grads: Arrays, rng: np.random.Generator) -> Noise:
    """Measure the rounding of a function at its point, where it has this loss and gradients."""
    params = call.point.params
    here = _joined(loss, grads)
    samples = [call.answer(_last_places(call.point, rng)) for _ in range(SAMPLES)]
    moved = [np.abs(_joined(*s) - here) for s in samples if s is not None]
    scatter = np.max([np.zeros_like(here), *moved], axis=0)  # none, where it raises beside it
    lines = _lines(call, SPACINGS, rng)
    size = max((float(np.abs(line.values[:, 0]).max()) for line in lines), default=0.0)
    best = max(
        float(scatter[0]), PRECISIONS[call.point.dtype].unit * max(abs(loss), size), math.ulp(0.0)
    )
    noise, jumps = _noise_of(call, lines, SUSPICIOUS * best, rng)
    units = {n: PRECISIONS[call.point.dtype].unit * np.abs(grads[n]) for n in params}
    own = np.maximum(np.maximum(scatter, noise), _joined(0.0, units))
    varies = max(float(scatter[0]), float(noise[0]))
    has_digits = jumps or varies <= NO_DIGITS * max(abs(loss), size)
    return Noise(max(best, float(noise[0])), best, _parted(own, grads), jumps, has_digits)


def _noise_of(
    call: Caller, lines: list[_Line], suspicious: float, rng: np.random.Generator
) -> tuple[Array, bool]:
    """The noise of loss and gradients (joined), and whether the loss jumps.

    The median over spacings, so that neither a kink on one line nor curvature at the widest
    spacing passes for noise. Where that is suspiciously large, and nothing jumps on the closest
    such line, the loss varies within the spacings, and the closest points count.
    """
    if not lines:
        return np.zeros(1), False
    noises = [line.noise for line in lines]
    usual = np.sort(noises, axis=0)[(len(noises) - 1) // 2]
    if usual[0] <= suspicious:
        return _with_wide_jumps(call, usual, suspicious, rng)
    large = [line for line, noise in zip(lines, noises, strict=True) if noise[0] > suspicious]
    closest = large[-1]
    if _jump_on(call, closest.way, closest.values[:, 0], closest.spacing) > suspicious:
        return usual, True
    for spacing in CLOSER:
        if min(noise[0] for noise in noises) <= suspicious:
            break
        noises += [line.noise for line in _lines(call, (spacing,), rng)]
    return min(noises, key=lambda noise: float(noise[0])), False


def _with_wide_jumps(
    call: Caller, noise: Array, suspicious: float, rng: np.random.Generator
) -> tuple[Array, bool]:
    """The noise, with that of arithmetic so coarse that the spacings lie within its last place.

    Such a loss jumps on every line, by about the same; what several entries leave adds up like
    random signs.
    """
    params = call.point.params
    jumps: list[float] = []
    for _ in range(2):
        way = _way(call, rng)
        at = np.array([_loss_along(call, way, WIDE * k / POINTS) for k in range(1, POINTS + 1)])
        jumps.append(_jump_on(call, way, at, WIDE / POINTS))
        if not suspicious < jumps[-1] <= COARSEST_UNIT * float(np.abs(at).max()):
            return noise, False
    if max(jumps) > SAME_SIZE * min(jumps):
        return noise, False
    count = math.sqrt(sum(a.size for a in params.values()))
    return np.concatenate([[max(noise[0], max(jumps) * count / 2.0)], noise[1:]]), True


def _jump_on(call: Caller, way: Arrays, losses: Array, spacing: float) -> float:
    """The size of a jump between equally spaced points with these losses; 0 if none is found.

    Where the loss bends most a jump is likeliest.
    """
    bends = np.abs(np.diff(losses, 2))
    if not np.any(np.isfinite(bends)):
        return 0.0
    k = 1 + int(np.argmax(np.where(np.isfinite(bends), bends, -1.0)))
    start = k * spacing
    near = _loss_along(call, way, start + NEAR) - _loss_along(call, way, start)

    def bent(offset: float) -> float:
        return _loss_along(call, way, offset) - near / NEAR * (offset - start)

    return jump_between(bent, start, start + 2.0 * spacing, NARROWEST)


def _loss_along(call: Caller, way: Arrays, offset: float) -> float:
    return call.loss(_moved_along(call.point.params, way, offset))


def _joined(loss: float, grads: Arrays) -> Array:
    """Loss and all gradient entries in one vector."""
    return np.concatenate([[loss], *(np.ravel(g) for g in grads.values())])


def _parted(joined: Array, like: Arrays) -> dict[str, Array]:
    """The gradients of a joined vector."""
    ends = np.cumsum([1, *(g.size for g in like.values())])
    parts = zip(like.items(), ends[:-1], ends[1:], strict=True)
    return {n: joined[start:end].reshape(g.shape) for (n, g), start, end in parts}


def _last_places(point: Point, rng: np.random.Generator) -> dict[str, Array]:
    """The arrays with every entry moved by one or two units in its last place."""
    moved: dict[str, Array] = {}
    for name, array in point.params.items():
        precision = point.precision(name)
        steps = rng.integers(-2, 3, array.shape)
        moved[name] = precision.rounded(array + steps * precision.spacing(array))
    return moved


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
    # relative to the largest one, as in `root_mean_square`
    largest = np.maximum(np.abs(differences).max(axis=0), np.finfo(np.float64).tiny)
    return largest * np.sqrt(gamma * np.mean(np.square(differences / largest), axis=0))


def _lines(call: Caller, spacings: Iterable[float], rng: np.random.Generator) -> list[_Line]:
    """Values beside the point along random directions, one for each spacing.

    A line on which the function has no answer somewhere is left out.
    """
    params = call.point.params
    lines: list[_Line] = []
    for spacing in spacings:
        way = _way(call, rng)
        # from 1 on: at a kink all of them lie on one side
        answers = [
            call.answer(_moved_along(params, way, spacing * j)) for j in range(1, POINTS + 1)
        ]
        joined = [_joined(*answer) for answer in answers if answer is not None]
        if len(joined) == POINTS:
            lines.append(_Line(way, spacing, np.array(joined)))
    return lines


def _way(call: Caller, rng: np.random.Generator) -> dict[str, Array]:
    """A random direction, as long as the arrays are on average."""
    params = call.point.params
    count = math.sqrt(sum(a.size for a in params.values()))
    return {n: rng.choice((-1.0, 1.0), a.shape) * _own_size(a) / count for n, a in params.items()}


def _moved_along(params: Arrays, way: Arrays, offset: float) -> dict[str, Array]:
    """The arrays moved by an offset times a direction, in their dtypes."""
    return {n: (a + offset * way[n]).astype(a.dtype) for n, a in params.items()}


def _own_size(array: Array) -> Array:
    """The size of each entry, which is what rounding is relative to; 1 where all are zero."""
    return np.abs(array) if np.any(array) else np.ones(array.shape)


def large_changes(array: Array) -> Array:
    """What counts as a large change of each entry: its own size, at least that of its array."""
    return np.maximum(np.abs(array), root_mean_square(array) or 1.0)


def root_mean_square(array: Array) -> float:
    """Of numbers of any size: the squares of 1e-200 and 1e200 are no numbers."""
    largest = float(np.abs(array).max()) or 1.0
    return largest * float(np.sqrt(np.mean(np.square(array / largest, dtype=np.float64))))
