"""Slopes along directions: what a case costs entry by entry, and many directions in one pass."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.directions import SignDirections, is_per_sequence
from ..cases.types import Array
from .network import Problem
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
CHUNK = 1_000_000
"""Numbers that the moved copies of one forward pass may hold: bounds the memory."""

Along = Mapping[str, SignDirections]
Rows = Sequence[tuple[str, int]]
"""What moves in each row of a forward pass: the direction of that number through that input."""
MovedInputs = Callable[..., dict[str, Array]]


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
    problem: Problem,
    along: Along,
    points: int,
    slopes: Callable[[MovedInputs, int], tuple[Array, ...]],
) -> dict[str, tuple[Array, ...]]:
    """What `slopes` measures along every direction: of each input (K,) or (K, B).

    Args:
        problem: whose inputs move.
        along: the directions through each of them.
        points: how many steps `slopes` takes in one forward pass at most.
        slopes: given the number R of directions and `moved(*steps)`, which returns all inputs moved
            along each of them by every step, a number or an array (R, 1) (a leading axis steps*R),
            returns any number of real arrays [R, B].
    """
    measured: dict[str, list[list[Array]]] = {}
    for rows in _chunks(problem, along, points):
        for (name, _), *values in zip(
            rows, *slopes(_moved(problem, along, rows), len(rows)), strict=True
        ):
            measured.setdefault(name, []).append(values)
    return {
        name: tuple(_joined(name, v) for v in zip(*of, strict=True))
        for name, of in measured.items()
    }


def _joined(name: str, rows: Sequence[Array]) -> Array:
    """Rows [B] of one input as (K, B); the sequences of a shared one add up to (K,)."""
    values = np.stack(rows)
    return values if is_per_sequence(name) else values.sum(axis=-1)


def _chunks(problem: Problem, along: Along, points: int) -> Iterator[Rows]:
    """All directions, as many at once as the memory takes."""
    rows: list[tuple[str, int]] = []
    for row in [(name, k) for name in problem.differentiated for k in range(len(along[name]))]:
        copied = sum(problem.inputs[name].size for name in {n for n, _ in (*rows, row)})
        states = problem.weights.size * (problem.inputs["h0"].shape[-1] + problem.targets.shape[-1])
        if rows and points * (len(rows) + 1) * (copied + states) > CHUNK:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _moved(problem: Problem, along: Along, rows: Rows) -> MovedInputs:
    """The function from steps to the inputs, each row moved along its direction by each step."""
    places: dict[str, list[int]] = {}
    for place, (name, _) in enumerate(rows):
        places.setdefault(name, []).append(place)
    numbers = np.array([k for _, k in rows])

    def moved(*steps: Any) -> dict[str, Array]:
        inputs: dict[str, Array] = dict(problem.inputs)
        sizes = [np.broadcast_to(step, (len(rows), 1)).reshape(-1) for step in steps]
        for name, own in places.items():
            array, signs = problem.inputs[name], along[name].signs[numbers[own]]
            copies = np.repeat(array[None], len(rows) * len(steps), axis=0).astype(
                np.result_type(array, *sizes)
            )
            for n, size in enumerate(sizes):
                by = size[own].reshape(-1, *(1,) * array.ndim)
                copies[n * len(rows) + np.array(own)] += by * signs
            inputs[name] = copies[:, None, :] if array.ndim == 1 else copies
        return inputs

    return moved
