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
    """The segments of T steps in the order of their ends.

    Each block of k1 steps ends with the window that its losses flow back over. What the block has
    before its window gives no gradient; it is run in pieces of k2 steps, so that no segment, and
    hence no tape, is longer than k2.
    """
    k1, k2 = (T, T) if truncation is None else (truncation.k1, truncation.k2)
    found: list[Segment] = []
    for s in range(0, T, k1):
        e = min(s + k1, T)  # (10.1)  s = j k1,   e = min(s + k1, T):   the block is steps s+1 .. e
        w = max(0, e - k2)  # (10.2)  w = max(0, e - k2):   the window is steps w+1 .. e
        found.extend(
            Segment(start, start, min(start + k2, w), backward=False) for start in range(s, w, k2)
        )
        found.append(Segment(w, max(s, w), e, backward=True))
    return found


def groups(T: int, B: int, lengths: NDArray[np.integer[Any]] | None) -> Iterator[tuple[int, Rows]]:
    """Each length that occurs, with the sequences that have it.

    Sequences do not act on one another, so a padded batch is the sum of its unpadded parts, as in
    (11.1): padding is not masked, it is never read.
    """
    if lengths is None or bool(np.all(lengths == T)):
        yield T, slice(0, B)
        return
    for length in np.unique(lengths):
        yield int(length), np.flatnonzero(lengths == length)
