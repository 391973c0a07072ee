"""Flushing to zero: what becomes of a gradient where hardware has no numbers below the normal ones.

Vector units, accelerators and compilers do so by themselves, for speed: they take an operand that
tiny for zero, or write zero for such a result. What that changes is mostly as tiny; but a relu of
it has another slope.
"""

from __future__ import annotations

import functools

import numpy as np

from ...cases.directions import is_per_sequence
from ...cases.types import Array
from ..exact import EXACT, Sweep, sweep
from ..network import Problem

MARGIN = 2.0**16
"""What a tiny number may be multiplied by before it shows: a weight, a state, and sums of these."""


def may_flush(problem: Problem, swept: Sweep, tiniest: float) -> bool:
    """Whether anything that is read, enters a relu or comes out is so small that flushing matters.

    Args:
        problem: the problem.
        swept: the passes over it.
        tiniest: the smallest number that is never flushed.
    """
    read = [a for n, a in problem.inputs.items() if is_per_sequence(n)]
    seen = [*read, *swept.tape.relu_inputs, *swept.bars.values()]
    return any(_smallest(a) < MARGIN * tiniest for a in seen)


def _smallest(values: Array) -> float:
    """The smallest size that is not zero; infinite if all are."""
    sizes = np.abs(values)
    return float(np.min(sizes, where=sizes > 0, initial=np.inf))


def change_by_flushing(
    problem: Problem, tiniest: float, samples: int
) -> tuple[Array, dict[str, Array]]:
    """How far apart losses (B,) and gradients are where what is tiny is flushed, or is not.

    Args:
        problem: the problem.
        tiniest: the smallest number that is never flushed.
        samples: how many choices of what is flushed.
    """
    swept = sweep(problem.of_one_sample, arithmetic=Flushing(tiniest, samples))
    return np.ptp(swept.losses, axis=0), {n: np.ptp(bar, axis=0) for n, bar in swept.bars.items()}


class Flushing:
    """No rounding, but what is smaller than `tiniest` is zero: nothing in the first sample,
    everything in the second, only what enters in the third, else each number by chance.
    """

    def __init__(self, tiniest: float, samples: int) -> None:
        self._tiniest, self._chances = tiniest, _chances(samples)
        self._at = 0

    def entering(self, value: Array) -> Array:
        return self._flushed(value, entering=True)

    def relative(self, value: Array) -> Array:
        return self._flushed(value)

    def absolute(self, value: Array, size: Array) -> Array:
        return self._flushed(value)

    def in_turn(self, total: Array, additions: int) -> Array:
        return self._flushed(total)

    def function(self, value: Array, bounded: bool = False) -> Array:
        return self._flushed(value)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        return self._flushed(value)

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return self._flushed(terms.sum(axis, keepdims=keepdims))

    def slope_of_relu(self, z: Array) -> Array:
        return EXACT.slope_of_relu(z)

    def _flushed(self, value: Array, entering: bool = False) -> Array:
        tiny = np.abs(value) < self._tiniest
        if not np.any(tiny & (value != 0)):
            return value
        samples, width = self._chances.shape
        self._at = (self._at + 1) % width
        index = (self._at + np.arange(value[0].size)) % width
        chosen = self._chances[:, index].reshape(samples, *value.shape[1:])
        chosen[2] = entering
        return np.where(tiny & chosen, 0.0, value)


@functools.cache
def _chances(samples: int) -> Array:
    """What is flushed in each sample, number by number, (samples, 4093): the same in every run."""
    chances = np.random.default_rng(0).integers(0, 2, (samples, 4093)) > 0
    chances[0], chances[1] = False, True
    return chances
