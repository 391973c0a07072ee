"""What the outputs of a recurrence are multiplied with in its loss."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..arrays.streams import Streams
from ..precision import PRECISIONS
from ..types import Array

COTANGENTS = ("random", "ones", "one_output", "last_step")
"""Of all outputs, random; ones, with stride 0; random of one output, and none of the others; zero
but at the last step."""


def cotangent_name(output: str) -> str:
    """What the cotangent of an output is called among the data of a case."""
    return f"cotangent of {output}"


def draw_cotangents(
    outputs: Mapping[str, Array], kind: str, dtype: str, seed: int
) -> dict[str, Array]:
    """Cotangents of outputs, of one of `COTANGENTS`, on the grid of a dtype; those of `last_step`
    are random, see `of_last_step`.
    """
    names = list(outputs)
    streams = Streams(seed, (*map(cotangent_name, names), "which output"))
    if kind == "one_output":
        number = int(streams.raw("which output", 1)[0] >> np.uint64(11))
        names = [names[number % len(names)]]
    shapes = {n: outputs[n].shape for n in names}
    if kind == "ones":
        return {n: np.ones(shape) for n, shape in shapes.items()}
    drawn = {n: _signed(streams, cotangent_name(n), shape) for n, shape in shapes.items()}
    return {n: PRECISIONS[dtype].rounded(a).astype(np.float64) for n, a in drawn.items()}


def _signed(streams: Streams, name: str, shape: tuple[int, ...]) -> Array:
    """Magnitudes in [0.1, 1), of either sign."""
    raw = streams.raw(name, math.prod(shape)) >> np.uint64(11)
    magnitudes = np.rint((0.1 + 0.9 * raw.astype(np.float64) * 2.0**-53) * 1000.0) / 1000.0
    return np.where(raw % np.uint64(2), magnitudes, -magnitudes).reshape(shape)


def of_last_step(cotangent: Array, time: int | None) -> Array:
    """Zero but at the last step; as it is where there is no axis of time."""
    if time is None:
        return cotangent
    steps = np.arange(cotangent.shape[time]).reshape(-1, *(1,) * (cotangent.ndim - time - 1))
    return np.where(steps == cotangent.shape[time] - 1, cotangent, 0.0)
