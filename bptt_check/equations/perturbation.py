"""Move the inputs of a problem, many moves in one forward pass, and measure what that does.

A move is a direction through one input: of one entry alone, or of signs. `x`, `h0` and `c0` of
different sequences do not meet before the loss, so one move serves all sequences at once, and the
loss of each sequence tells its own derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases.directions import SignDirections, is_per_sequence
from ..cases.types import Array
from .namespaces.copies import Copies
from .network import Problem

CHUNK = 1_000_000
"""Numbers that the rows of one forward pass may hold after it: bounds the memory."""
AT_ONCE = 250_000
"""Numbers that one step may compute in all rows: more at once are slower than in two passes, as
they no longer fit the cache, and fewer than a quarter of it, too.
"""


@dataclass(frozen=True, eq=False)
class Moves:
    """Moves of one input: how many, and the directions (K, *shape) of those of K numbers."""

    count: int
    directions: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Displacement:
    """What is added to an input in the rows from `first` on: [rows, *shape], [rows, 1, n] if it is
    a vector, which every sequence meets.
    """

    first: int
    added: Array


Displacements = Callable[..., dict[str, Displacement]]
"""Given P steps, each a number or (R, 1): the changes of R*P rows, the P steps of a move together.
"""
Slopes = Callable[[Displacements, int], tuple[Array, ...]]
Rows = Sequence[tuple[str, int]]
"""What moves in each row: the move of that number of that input."""


def along_signs(along: SignDirections) -> Moves:
    """The moves along directions of signs."""
    return Moves(len(along), lambda numbers: along.signs[numbers])


def of_entries(name: str, shape: tuple[int, ...]) -> Moves:
    """The move of every entry, of all sequences at once where they do not meet."""

    def directions(numbers: Array) -> Array:
        K = len(numbers)
        if not is_per_sequence(name):
            return (numbers[:, None] == np.arange(math.prod(shape))).reshape(K, *shape) * 1.0
        alone = (numbers[:, None] == np.arange(shape[0] * shape[2])) * 1.0
        return np.broadcast_to(alone.reshape(K, shape[0], 1, shape[2]), (K, *shape))

    return Moves(math.prod(shape) // (shape[1] if is_per_sequence(name) else 1), directions)


def measured(
    problem: Problem, moves: Mapping[str, Moves], points: int, slopes: Slopes
) -> dict[str, tuple[Array, ...]]:
    """What `slopes` measures of every move, by input: arrays (K, B).

    Args:
        problem: whose inputs move.
        moves: of each of its inputs that are differentiated.
        points: how many steps `slopes` takes in one forward pass at most.
        slopes: given the changes of R moves by steps, and R, returns any number of real arrays
            [R, B].
    """
    found: dict[str, list[list[Array]]] = {}
    for rows in _chunks(problem, moves, points):
        for (name, _), *values in zip(rows, *slopes(_changes(moves, rows), len(rows)), strict=True):
            found.setdefault(name, []).append(values)
    return {n: tuple(map(np.stack, zip(*found[n], strict=True))) for n in problem.differentiated}


def by_entry(problem: Problem, points: int, slopes: Slopes) -> dict[str, tuple[Array, ...]]:
    """What `slopes` measures of every entry, of each input arrays of its shape."""
    shapes = {n: problem.inputs[n].shape for n in problem.differentiated}
    found = measured(problem, {n: of_entries(n, s) for n, s in shapes.items()}, points, slopes)
    return {n: tuple(_of_shape(n, rows, shapes[n]) for rows in of) for n, of in found.items()}


def _of_shape(name: str, rows: Array, shape: tuple[int, ...]) -> Array:
    """[entries, B] to the input's shape: the sequences of a shared one add up, else they stay
    apart.
    """
    if not is_per_sequence(name):
        return rows.sum(axis=-1).reshape(shape)
    return rows.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)


def _chunks(problem: Problem, moves: Mapping[str, Moves], points: int) -> Iterator[Rows]:
    """All moves, as many at once as memory and cache take.

    What moves all layers comes first, then layer by layer, the head last: the rows that differ in a
    layer are then the first ones.
    """
    names = sorted(problem.differentiated, key=lambda name: not is_per_sequence(name))
    rows = [(name, number) for name in names for number in range(moves[name].count)]
    T, B = problem.weights.shape
    hidden, width = problem.inputs["h0"].shape[-1], problem.targets.shape[-1]
    held = T * B * (hidden + width) + max(problem.inputs[name].size for name in names)
    in_a_step = B * max(len(problem.model.layout.gates) * hidden, width)
    count = max(1, min(CHUNK // (points * held), AT_ONCE // (points * in_a_step)))
    for first in range(0, len(rows), count):
        yield rows[first : first + count]


def _changes(moves: Mapping[str, Moves], rows: Rows) -> Displacements:
    """The function from steps to the changes of the inputs that move in these rows."""
    numbers: dict[str, list[int]] = {}
    firsts: dict[str, int] = {}
    for place, (name, number) in enumerate(rows):
        numbers.setdefault(name, []).append(number)
        firsts.setdefault(name, place)
    directions = {n: moves[n].directions(np.array(k)) for n, k in numbers.items()}

    def changes(*steps: Any) -> dict[str, Displacement]:
        sizes = np.stack([np.broadcast_to(s, (len(rows), 1))[:, 0] for s in steps], axis=1)
        added: dict[str, Displacement] = {}
        for name, first in firsts.items():
            own = sizes[first : first + len(directions[name])]
            of_steps = np.multiply.outer(np.ones(len(steps)), directions[name]).swapaxes(0, 1)
            by = of_steps * own.reshape(*own.shape, *(1,) * (directions[name].ndim - 1))
            shape = np.atleast_2d(directions[name][0]).shape
            added[name] = Displacement(first * len(steps), by.reshape(-1, *shape))
        return added

    return changes


def plain_copies(
    inputs: Mapping[str, Array], changes: Mapping[str, Displacement], count: int
) -> dict[str, Array]:
    """The inputs, those that change as that many copies, [count, ...], whatever is done to them."""

    def copies(array: Array, change: Displacement) -> Array:
        kind = np.result_type(array, change.added)
        rows = np.repeat(np.atleast_2d(array)[None].astype(kind), count, axis=0)
        rows[change.first : change.first + len(change.added)] += change.added
        return rows

    return {**inputs, **{n: copies(inputs[n], change) for n, change in changes.items()}}


def all_rows(losses: Any, count: int) -> Array:
    """The loss of each of that many rows and sequence, [rows, B], of which losses hold some."""
    if isinstance(losses, Copies):
        return losses.within(0, count)
    return np.broadcast_to(losses, (count, losses.shape[-1]))
