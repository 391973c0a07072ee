"""Where the entries of an array lie in a padded one: block by block, along each axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from ...cases.model import Model
from ...cases.types import Array

ABSENT = {"cross_entropy": -1e30, "bce": -1e30, "mse": 0.0, "linear": 0.0, "sigmoid_mse": -1e30}
"""Bias of a padded output: its softmax or softplus, its slope and its target are exactly 0."""


def real_part(padded: Array, shape: tuple[int, ...], blocks: tuple[int, ...]) -> Array:
    """The entries of an unpadded array of that shape in a padded one; a view where it can be.

    Args:
        padded: with an axis of length 1 before that of a vector, or without.
        shape: of the unpadded array.
        blocks: how many blocks each axis holds side by side (gates, directions); every one of them
            is padded by itself. None at all is one for each axis.
    """
    counts = blocks or (1,) * len(shape)
    whole = padded.reshape(padded.shape[-len(shape) :]) if shape else padded
    split = whole.reshape(split_shape(whole.shape, counts))
    return split[(..., *map(slice, split_shape(shape, counts)))].reshape(shape)


def split_shape(shape: Sequence[int], blocks: Sequence[int]) -> list[int]:
    """A shape with one more axis for the blocks in front of each."""
    pairs = zip(shape, blocks, strict=True)
    return [n for size, count in pairs for n in (count, size // count)]


@lru_cache(maxsize=256)
def blocks_of(model: Model) -> dict[str, tuple[int, ...]]:
    """Blocks per axis of the arrays that have any: gates as rows, directions as columns."""
    G, N = len(model.layout.gates), len(model.directions)
    blocks: dict[str, tuple[int, ...]] = {"W_hy": (1, N), "cotangents": (1, 1, N)}
    for k in range(model.layers):
        for suffix in model.directions:
            blocks[f"W_xh_l{k}{suffix}"] = (G, N if k else 1)
            blocks[f"W_hh_l{k}{suffix}"] = (G, 1)
            blocks |= {f"{b}_l{k}{suffix}": (G,) for b in model.layout.biases if model.bias}
    return blocks


def side_by_side(arrays: Sequence[Array], shape: tuple[int, ...], blocks: tuple[int, ...]) -> Array:
    """Arrays padded by zeros to one shape, (cases, *shape)."""
    padded = np.zeros((len(arrays), *shape))
    counts = blocks or (1,) * len(shape)
    split = padded.reshape(len(arrays), *split_shape(shape, counts))
    for own, array in zip(split, arrays, strict=True):
        parts = split_shape(array.shape, counts)
        own[tuple(map(slice, parts))] = array.reshape(parts)
    return padded


def common_shape(shapes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """The smallest shape that has room for each."""
    return tuple(max(sizes) for sizes in zip(*shapes, strict=True))
