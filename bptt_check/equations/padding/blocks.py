"""Where the entries of an array lie in a padded one: block by block, along each axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from ...cases.model import Model
from ...cases.types import Array

ABSENT = {"cross_entropy": -1e30, "bce": -1e30, "mse": 0.0, "linear": 0.0, "sigmoid_mse": -1e30}
"""Bias of a padded output: its softmax or softplus, its slope and its target are exactly 0."""


def real_entries(padded: Array, shape: tuple[int, ...], blocks: tuple[int, ...]) -> Array:
    """View of the entries of an unpadded array in a padded one, in the former's `split_shape`.

    Args:
        padded: with as many axes.
        shape: of the unpadded array.
        blocks: how many blocks each axis holds side by side (gates, directions); every one of them
            is padded by itself.
    """
    split = padded.reshape(split_shape(padded.shape, blocks))
    # the dots: an array even without axes
    return split[(..., *map(slice, split_shape(shape, blocks)))]


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
    for own, array in zip(padded, arrays, strict=True):
        real_entries(own, array.shape, blocks)[...] = array.reshape(
            split_shape(array.shape, blocks)
        )
    return padded


def common_shape(shapes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """The smallest shape that has room for each."""
    return tuple(max(sizes) for sizes in zip(*shapes, strict=True))
