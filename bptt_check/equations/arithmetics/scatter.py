"""How far samples of a rounded gradient lie apart, and which of its entries they say nothing of."""

from __future__ import annotations

import numpy as np

from ...cases.types import Array
from .rounding import deviation

MANY = 0.125
"""Share of the entries of a gradient that must be chaotic for all of them to be..."""
ENOUGH_FOR_CHANCE = 16
"""...and their number, more than which: among fewer hardly an entry looks quiet by chance."""


def chaotic_entries(bar: Array, scatter: Array) -> Array:
    """Infinite where runs that diverged agree on nothing of a gradient.

    What a chaotic system multiplies up over the steps is spread over many orders of magnitude, of
    which the root mean square of some samples says nothing. If many entries are such, the others
    are those on which a few samples agree by chance.
    """
    astray = scatter > 0.5 * np.abs(bar.mean(0))
    many = astray.sum() > ENOUGH_FOR_CHANCE and astray.mean() > MANY
    return np.where(astray | many, np.inf, 0.0)


def scatter_of(samples: Array, unit: float) -> Array:
    """`deviation` in units; at least the value's own rounding."""
    return np.maximum(deviation(samples) / unit, np.abs(samples.mean(0)))
