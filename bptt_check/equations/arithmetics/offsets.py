"""Offsets of the grids that results are rounded to: random, and the same in every run."""

from __future__ import annotations

import functools
import math

import numpy as np

from ...cases.types import Array

Position = tuple[Array, int]
"""Offsets, and how many of them were drawn."""
SPACING = 2.0**-53
"""Distance of the numbers below an anchor of 1; twice that above it."""
_STARTS = 101
"""Another start each round through the pool, so that no period locks in."""


class Offsets:
    """Numbers of a pool (samples, width) one after the other, the same in every run."""

    def __init__(self, pool: Array) -> None:
        self.position: Position = pool, 0

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.position[0])

    def draw(self, shape: tuple[int, ...]) -> Array:
        """The next offsets of the pool for values of this shape, `samples` along the first axis."""
        pool, at = self.position
        size, width = math.prod(shape[1:]), pool.shape[1]
        if size + _STARTS > width:
            pool = np.tile(pool, 1 + 2 * (size + _STARTS) // width)
        elif at + size > width:
            at = (at + size) % _STARTS
        self.position = pool, at + size
        return pool[:, at : at + size].reshape(len(pool), *shape[1:])


@functools.cache
def offset_pool(samples: int) -> Array:
    """Offsets of grids with an anchor of 1, (samples, 4096): the same in every run.

    The model of rounding must not make a verdict random.
    """
    pool = np.random.default_rng(0).uniform(-SPACING, SPACING, (samples, 4096))
    alike = np.linspace(-SPACING, SPACING, samples - samples // 2, endpoint=False)
    pool[samples // 2 :] = alike[:, np.newaxis]
    return pool
