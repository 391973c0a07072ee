"""Runs of many samples at once, or some after the others where memory is short."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from ..cases.recurrences.reference_code import Evaluation
from ..cases.types import Array
from ..equations.arithmetics.rounding import GridRounding

MOST_ENTRIES = 2**27
"""Numbers of float64 that one run may hold: a gigabyte. Samples beyond it run after each other."""


def groups_of_samples(entries: int, samples: int) -> list[slice]:
    """Samples that are run at once: all, if there is memory for what they hold.

    Args:
        entries: numbers that one sample holds.
        samples: how many there are.
    """
    at_once = max(1, min(samples, MOST_ENTRIES // max(entries, 1)))
    count = -(-samples // at_once)
    edges = [samples * i // count for i in range(count + 1)]
    return [slice(i, j) for i, j in itertools.pairwise(edges)]


def some_samples(arithmetic: GridRounding, samples: slice) -> GridRounding:
    """An arithmetic that rounds like some samples of another."""
    offsets, at = arithmetic.position
    arithmetic.position = offsets[samples], at
    return arithmetic


def joined_samples(parts: Sequence[Evaluation]) -> Evaluation:
    """All samples of several runs."""
    if len(parts) == 1:
        return parts[0]
    outputs, grads = (
        {name: np.concatenate([of[name] for of in every]) for name in every[0]}
        for every in ([p.outputs for p in parts], [p.grads for p in parts])
    )
    return Evaluation(outputs, grads)


def is_finite(evaluation: Evaluation) -> bool:
    """Whether all outputs and gradients are."""
    arrays: Iterable[Array] = (*evaluation.outputs.values(), *evaluation.grads.values())
    return all(np.isfinite(a).all() for a in arrays)
