"""Cases that are asked beside one whose loss is linear in its cotangents."""

from __future__ import annotations

import numpy as np

from .any_case import AnyCase
from .model import final_cotangents
from .precision import PRECISIONS
from .recurrences.recurrence import RecurrenceCase

SCALE = -1024.0
"""A power of two, so that no digit changes; negative, so that a sign that is lost shows; large, so
that a limit of clipping is met."""

KINDS = ("zero", "scaled", "one", "rest")

MARGIN = 2.0**32
"""Room below the largest number of a dtype that intermediate results of a scaled case may need."""


def probes(case: AnyCase) -> dict[str, AnyCase]:
    """Cases to ask beside one with a linear loss: `zero`, `scaled`, and the parts `one`, `rest`.

    Empty for another loss, which has no cotangent of its own.
    """
    if not cotangents_of(case):
        return {}
    given = {n: case.data[n] for n in cotangents_of(case)}
    if (
        max(float(np.abs(a).max()) for a in given.values())
        > PRECISIONS[case.dtype].largest / MARGIN
    ):
        return {}
    # every other entry, beginning anew for each array, so that one of one entry is in a part too
    even = {
        n: (np.arange(a.size).reshape(a.shape) + k) % 2 == 0
        for k, (n, a) in enumerate(given.items())
    }
    changed = {
        "zero": {n: np.zeros_like(a) for n, a in given.items()},
        "scaled": {n: a * a.dtype.type(SCALE) for n, a in given.items()},
        "one": {n: np.where(even[n], a, 0) for n, a in given.items()},
        "rest": {n: np.where(even[n], 0, a) for n, a in given.items()},
    }
    return {kind: case.with_data(arrays) for kind, arrays in changed.items()}


def cotangents_of(case: AnyCase) -> tuple[str, ...]:
    """The names of the cotangents of a linear loss, the outputs' first; none for another loss."""
    if isinstance(case, RecurrenceCase):
        return tuple(case.data)
    return ("targets", *final_cotangents(case.model)) if case.model.loss == "linear" else ()
