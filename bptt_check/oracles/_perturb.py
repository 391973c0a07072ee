"""Perturb every entry of every input, many entries per forward pass.

`x`, `h0` and `c0` of different sequences do not meet before the loss, so one perturbation serves all
sequences at once, and the loss of each sequence tells its own derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CHUNK = 256  # entries per forward pass: bounds the memory, and larger chunks are no faster


def by_perturbation(
    wanted: tuple[str, ...],
    inputs: Mapping[str, Array],
    step: complex,
    slopes: Callable[[Mapping[str, Array]], Array],
) -> dict[str, Array]:
    """Gradient of every wanted input, given `slopes` of perturbed inputs: [P, B] per sequence."""
    return {name: _gradient(name, inputs, step, slopes) for name in wanted}


def _gradient(
    name: str, inputs: Mapping[str, Array], step: complex, slopes: Callable[..., Array]
) -> Array:
    """Gradient of one input, real, of its shape."""
    shape = inputs[name].shape
    shared = name not in ("x", "h0", "c0")
    entries = np.arange(np.prod(shape if shared else (shape[0], shape[2])))
    found = [
        slopes({**inputs, name: _perturbed(name, inputs[name], entries[i : i + CHUNK], step)})
        for i in range(0, len(entries), CHUNK)
    ]
    rows = np.concatenate(found)
    if shared:
        return rows.sum(axis=-1).reshape(shape)
    return rows.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)


def _perturbed(name: str, array: Array, entries: Array, step: complex) -> Array:
    """Copies of `array`, one per entry, with `step` added there (to all sequences of x, h0, c0)."""
    copies = np.repeat(array[None], len(entries), axis=0)
    row = np.arange(len(entries))
    if name in ("x", "h0", "c0"):
        first, last = np.unravel_index(entries, (array.shape[0], array.shape[2]))
        copies[row, first, :, last] += step
        return copies
    copies.reshape(len(entries), -1)[row, entries] += step
    return copies[:, None, :] if array.ndim == 1 else copies
