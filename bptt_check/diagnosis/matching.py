"""When one gradient is another one: the single definition, and the two distances that it takes.

Every search compares the gradient that a subject gave with the one that a mistake would give. Where
both come from the same computation but for a line, the conditioning of the case says how far
rounding takes each entry. Where the other is a computation of its own (of arrays in another layout,
times a factor, clipped), of which no conditioning is known, the distance is one in norm. What is
not finite is no gradient of anything: an infinite candidate would allow an infinite distance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.types import Array, Arrays
from ..equations.rounding_errors import Conditioning

UNITS = 64.0
"""Typical rounding errors within which entries are the same: twice the budget of a verdict, since
two gradients are inexact."""
FLOOR = 512.0
"""Units roundoff of the largest entry that are allowed on top: rounding of terms that the right
gradient does not have, which its conditioning does not know."""
RELATIVE = {"float64": 1e-9, "float32": 1e-3, "bfloat16": 5e-2, "float16": 5e-2}
"""Relative distance, in norm, of what is the same: far above rounding, but where a case loses
digits; far below the distance of any two conventions."""
NEARLY = 1e-5
"""Relative distance, in norm, beyond which no loss of digits makes two gradients the same."""

Near = Callable[[str, Array, Array], Array]
"""From a gradient's name, the gradient given and the one in question to which entries are near."""


def same(got: Arrays, want: Arrays, near: Near) -> bool:
    """Whether gradients are those in question, in every entry of every one that both have; not
    where they have none in common.
    """
    both = [n for n in want if n in got]
    return bool(both) and all(np.all(near(n, got[n], want[n])) for n in both)


def near_by_rounding(spread: Conditioning) -> Near:
    """Entry by entry: as far apart as rounding, and the choice at kinks, may take two gradients."""

    def near(name: str, got: Array, want: Array) -> Array:
        if not np.isfinite(want).all():
            return np.zeros(np.shape(got), dtype=bool)
        return np.isfinite(got) & (np.abs(got - want) <= allowed_by_rounding(spread, name, want))

    return near


def allowed_by_rounding(spread: Conditioning, name: str, want: Array) -> Array:
    """How far from `want` an entry of a gradient may be, of the same computation but for a line."""
    unit = PRECISIONS[spread.dtype].unit
    floor = FLOOR * unit * float(np.abs(want).max(initial=0.0))
    choice = spread.subgradient_width(name) + spread.flushed(name) + spread.unbounded(name)
    return UNITS * spread.error(name) + floor + choice


def near_in_norm(dtype: str, lost: Callable[[str], float] = lambda name: 0.0) -> Near:
    """A whole gradient at once: by the norm of the difference, relative to that of the other.

    Args:
        dtype: of the gradients.
        lost: the relative distance, in norm, that rounding makes of the right gradient of a name;
            asked for only where the gradients are nearly the same.
    """

    def near(name: str, got: Array, want: Array) -> Array:
        if not (np.isfinite(want).all() and np.isfinite(got).all()):
            return np.zeros(np.shape(got), dtype=bool)
        largest = float(np.abs(want).max(initial=0.0)) or 1.0  # squares of 1e200 are infinite
        distance, whole = (float(np.linalg.norm(a / largest)) for a in (got - want, want))
        allowed = RELATIVE[dtype]
        if allowed * whole < distance <= max(NEARLY, allowed) * whole:
            allowed = max(allowed, min(NEARLY, UNITS * lost(name)))
        return np.full(np.shape(got), distance <= allowed * whole)

    return near
