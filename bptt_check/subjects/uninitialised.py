"""Makes memory that nobody has written yet say the same thing every time.

`np.empty` hands out whatever lies there: often zeros, so that a buffer which is added to without
having been cleared is right in one run and wrong in the next. Two means, of which neither reaches
everything: `np_empty_filled_with` fills what `np.empty` and `np.empty_like` return, whatever the
size, for callers that go through NumPy's module; `refill_freed_blocks` fills and frees memory of
given sizes, which also reaches arrays made in other ways, as long as nothing else takes the blocks
first.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import numpy as np

from ..cases.contract import Accepted, Breach, differ

BLOCKS = 8
"""Blocks of one size to fill: NumPy keeps seven small freed ones of each size, the C library takes
over from there."""

_filling: list[float] = []
"""The value that fresh arrays are filled with, the innermost last; empty outside of any call."""


@contextlib.contextmanager
def np_empty_filled_with(value: float) -> Generator[None]:
    """In the body `np.empty` and `np.empty_like` return floating-point arrays full of `value`.

    Nothing is done once numba is loaded: it knows these functions by their identity.
    """
    if "numba" in sys.modules:
        yield
        return
    before = np.empty, np.empty_like
    _filling.append(value)
    np.empty, np.empty_like = (_filled(make) for make in before)
    try:
        yield
    finally:
        np.empty, np.empty_like = before
        _filling.pop()


def _filled(make: Callable[..., Any]) -> Any:
    """`make` with its result filled; whoever keeps it after the body has plain `make` again."""

    def filled(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        if _filling and isinstance(made, np.ndarray) and made.dtype.kind in "fc":
            made.fill(_filling[-1])
        return made

    return filled


def refill_freed_blocks(sizes: Iterable[int], value: float) -> None:
    """Fill and free memory of these sizes in bytes, so that the next arrays of a size find
    `value` in it.
    """
    for size in set(sizes):
        dtype = np.dtype(np.float64 if size % 8 == 0 else np.float32)
        blocks = [np.full(size // dtype.itemsize, value, dtype) for _ in range(BLOCKS)]
        del blocks


def read_before_written(
    with_nan: Sequence[Accepted], with_zeros: Sequence[Accepted]
) -> Breach | None:
    """A breach if an answer depends on what lay in memory that nobody had written yet.

    Args:
        with_nan: answers given while fresh memory held NaN.
        with_zeros: answers to the same case given while it held zeros.

    It is said only where every answer of the one kind is not finite in the same gradients, and all
    of the other kind are finite there and the same to the last bit.
    """
    first, *others = with_zeros
    not_finite = {b.parameter: b for b in with_nan[0].breaches if b.value is not None}
    same = all(not differ(first.result, other.result) for other in others)
    steady = all(not_finite.keys() == _not_finite(a) for a in with_nan)
    if (
        not not_finite
        or not same
        or not steady
        or any(not_finite.keys() & _not_finite(a) for a in with_zeros)
    ):
        return None
    what = "; ".join(b.message for b in not_finite.values())
    return Breach(
        next(iter(not_finite)),
        f"memory is read before it is written: {what}, when NaN lay in fresh memory, and finite "
        f"when zeros did, each time anew; is an array of np.empty added to?",
    )


def _not_finite(answer: Accepted) -> set[str]:
    """The gradients of an answer, or its loss, that hold NaN or infinity."""
    return {b.parameter for b in answer.breaches if b.value is not None}
