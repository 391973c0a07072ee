"""Slopes along directions: what a case costs entry by entry, and many directions in one pass."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Mapping

import numpy as np

from ..cases.case import Case
from ..cases.directions import SignDirections, is_per_sequence
from ..cases.types import Array
from .network import Problem
from .perturbation import Slopes, along_signs, measured
from .truncation import forward_steps

ENTRYWISE = 2_500
"""Entries times steps that are measured one by one: 10 ms for complex step, 15 for differences."""
ENTRYWISE_NUMBERS = 500_000
"""Gates and outputs that all these passes may compute: many sequences and outputs cost, too."""
COUNT = 4
"""Directions through each array, at most. An entry that is wrong shows along every one of them."""
_TELLING_APART = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
"""Signs of COUNT entries in as many directions, no two of which are alike (a Hadamard matrix)."""
NUMBERS = 4_000_000
"""Gates and outputs that may be computed along all directions: there are fewer of them beyond."""

Along = Mapping[str, SignDirections]


def directions_of(case: Case) -> dict[str, SignDirections]:
    """Directions through every input; none where each entry can be measured by itself."""
    entries = sum(_passes(n, a.shape) for n, a in case.inputs.items())
    numbers = _numbers(case)
    if entries * forward_steps(case) <= ENTRYWISE and entries * numbers <= ENTRYWISE_NUMBERS:
        return {}
    count = min(COUNT, max(1, NUMBERS // (len(case.inputs) * numbers)))
    return {n: SignDirections(n, _signs(n, a.shape)[:count]) for n, a in case.inputs.items()}


def _numbers(case: Case) -> int:
    """Gates and outputs of all steps of one forward pass."""
    size, model = case.sizes, case.model
    outputs = 0 if model.loss == "linear" else size.O
    gates = len(model.layout.gates) * size.H
    steps = forward_steps(case)
    return size.B * (steps * gates + steps // (model.layers * len(model.directions)) * outputs)


def _passes(name: str, shape: tuple[int, ...]) -> int:
    """Forward passes that an input needs entry by entry; one serves all sequences."""
    return math.prod(shape) // (shape[1] if is_per_sequence(name) else 1)


@functools.lru_cache(maxsize=64)
def _signs(name: str, shape: tuple[int, ...]) -> Array:
    """Random signs (COUNT, *shape), always the same: they know nothing of any case.

    Where a slope adds up so few entries that COUNT directions can tell them apart, they do. All of
    four random ones add up the two entries of a gradient that a softmax has made equal and opposite
    in one array of sixteen, and would see nothing of it.
    """
    rng = np.random.default_rng([zlib.crc32(name.encode()), *shape])
    signs = rng.choice((-1.0, 1.0), (COUNT, *shape))
    own = _passes(name, shape)
    if own <= COUNT:
        alone = (shape[0], 1, *shape[2:]) if is_per_sequence(name) else shape
        signs = signs[:1] * _TELLING_APART[:, :own].reshape(COUNT, *alone)
    signs.setflags(write=False)
    return signs


def by_direction(
    problem: Problem, along: Along, points: int, slopes: Slopes
) -> dict[str, tuple[Array, ...]]:
    """What `slopes` measures along every direction (`perturbation.measured`): of each input (K,),
    or (K, B) where sequences do not meet.
    """
    moves = {n: along_signs(along[n]) for n in problem.differentiated}
    found = measured(problem, moves, points, slopes)
    return {
        n: of if is_per_sequence(n) else tuple(rows.sum(axis=-1) for rows in of)
        for n, of in found.items()
    }
