"""How a case falls into pieces: sequences of equal length, and windows of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .types import Truncation

Rows = NDArray[np.integer[Any]] | slice


class Segment(NamedTuple):
    """Steps start..end-1, run forward from the stored state at `start`.

    Its losses are those of steps counted..end-1; they flow back to `start` if `backward`.
    """

    start: int
    counted: int
    end: int
    backward: bool


def segments(T: int, truncation: Truncation | None) -> list[Segment]:
    """The segments of T steps in the order of their ends (10.1), (10.2).

    Each block of k1 steps ends with the window that its losses flow back over. What the block has
    before its window gives no gradient; it is run in pieces of k2 steps, so that no segment, and
    hence no tape, is longer than k2.
    """
    k1, k2 = (T, T) if truncation is None else (truncation.k1, truncation.k2)
    found: list[Segment] = []
    for block in range(0, T, k1):
        end = min(block + k1, T)
        window = max(0, end - k2)
        found.extend(
            Segment(start, start, min(start + k2, window), backward=False)
            for start in range(block, window, k2)
        )
        found.append(Segment(window, max(block, window), end, backward=True))
    return found


def groups(T: int, B: int, lengths: NDArray[np.integer[Any]] | None) -> Iterator[tuple[int, Rows]]:
    """Each length that occurs, with the sequences that have it (11.1).

    Sequences never meet in a recurrent net, so a padded batch is the sum of its unpadded parts:
    padding is not masked, it is never looked at.
    """
    if lengths is None or bool(np.all(lengths == T)):
        yield T, slice(0, B)
        return
    for length in np.unique(lengths):
        yield int(length), np.flatnonzero(lengths == length)
