"""Perturb every entry of every input, many entries per forward pass.

`x`, `h0` and `c0` of different sequences do not meet before the loss, so one perturbation serves
all sequences at once, and the loss of each sequence tells its own derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from ..cases.directions import is_per_sequence
from ..cases.types import Array
from .namespaces.numpy import Namespace
from .network import Problem, losses

Inputs = dict[str, Array]
Perturb = Callable[..., Inputs]
Slopes = Callable[[Perturb], tuple[Array, ...]]

CHUNK = 256  # entries per forward pass: bounds the memory, and larger chunks are no faster


def by_perturbation(name: str, inputs: Mapping[str, Array], slopes: Slopes) -> tuple[Array, ...]:
    """What `slopes` measures, for every entry of one input, each of that input's shape.

    Args:
        name: the input to perturb.
        inputs: all inputs.
        slopes: given `perturb(*steps)`, which returns all inputs with every step added to P entries
            of `name` in turn (a leading axis steps*P), returns any number of real arrays [P, B].
    """
    shape = inputs[name].shape
    shared = not is_per_sequence(name)
    entries = np.arange(math.prod(shape) if shared else shape[0] * shape[2])
    chunks = [entries[i : i + CHUNK] for i in range(0, len(entries), CHUNK)]
    measured = [slopes(perturbation(name, inputs, chunk)) for chunk in chunks]
    return tuple(
        _of_shape(np.concatenate(rows), shape, shared) for rows in zip(*measured, strict=True)
    )


def _of_shape(rows: Array, shape: tuple[int, ...], shared: bool) -> Array:
    """[entries, B] to the input's shape: sequences add up for a shared input, else they stay
    apart.
    """
    if shared:
        return rows.sum(axis=-1).reshape(shape)
    return rows.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)


def losses_of_copies(xp: Namespace, problem: Problem, inputs: Mapping[str, Array]) -> Array:
    """Loss of each copy and sequence, [R, B], also of inputs that have no part in it.

    Args:
        xp: the namespace.
        problem: the problem.
        inputs: its inputs, some of them as R copies along a leading axis.
    """
    rows = losses(xp, problem, inputs)
    counts = (len(a) for n, a in inputs.items() if a.ndim > problem.inputs[n].ndim)
    return np.broadcast_to(rows, (max(counts), rows.shape[-1]))


def perturbation(name: str, inputs: Mapping[str, Array], entries: Array) -> Perturb:
    """The function from steps to the inputs with each step added to each of the entries."""
    array, row = inputs[name], np.arange(len(entries))

    def moved(step: complex) -> Array:
        copies = np.repeat(array[None], len(entries), axis=0)
        if is_per_sequence(name):
            first, last = np.unravel_index(entries, (array.shape[0], array.shape[2]))
            copies[row, first, :, last] += step
        else:
            copies.reshape(len(entries), -1)[row, entries] += step
        return copies

    def perturb(*steps: complex) -> Inputs:
        copies = np.concatenate([moved(step) for step in steps])
        # a vector needs an axis of its own to be broadcast over the sequences
        return {**inputs, name: copies[:, None, :] if array.ndim == 1 else copies}

    return perturb
