"""How arrays lie in memory: the same numbers with other strides, between those of nobody.

Code that takes an array by its address, its buffer or its order in memory is right only for some
of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

LAYOUTS = ("contiguous", "fortran", "strided", "offset", "expanded")
"""How arrays may lie in memory: in C order; in Fortran order; with gaps; from the middle of a
buffer; with stride 0 along axes on which they are constant."""
MARGIN = 3
"""Elements before and after an array that starts in the middle of a buffer; odd, so that it is not
aligned as a whole buffer is."""
LARGE = 2**31 - 1
"""What integers have in place of NaN."""


@dataclass(frozen=True)
class Placement:
    """Where the elements of an array lie in a buffer.

    Args:
        shape: of the part that is stored; 1 along axes that repeat one value.
        strides: of that part, in elements.
        repeated: whether an axis repeats its one value, with stride 0.
        offset: of the first element in the buffer.
        size: of the buffer, in elements.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    repeated: tuple[bool, ...]
    offset: int
    size: int

    @property
    def all_strides(self) -> tuple[int, ...]:
        """The strides of the whole array, in elements."""
        pairs = zip(self.strides, self.repeated, strict=True)
        return tuple(0 if repeated else stride for stride, repeated in pairs)


def placement(array: Any, layout: str) -> Placement:
    """The placement of an array, of NumPy or of torch, in a layout of `LAYOUTS`."""
    repeated = tuple(layout == "expanded" and _is_constant(array, n) for n in range(array.ndim))
    shape = tuple(1 if r else n for n, r in zip(array.shape, repeated, strict=True))
    size = math.prod(shape)
    if layout == "offset":
        return Placement(shape, _c_strides(shape), repeated, MARGIN, size + 2 * MARGIN)
    if layout == "fortran" and len(shape) > 1:
        return Placement(shape, _c_strides(shape[::-1])[::-1], repeated, 0, size)
    step = 2 if layout in ("strided", "fortran") else 1  # an array of one axis has no other order
    strides = tuple(step * stride for stride in _c_strides(shape))
    return Placement(shape, strides, repeated, 0, step * size)


def arranged(array: np.ndarray, layout: str) -> np.ndarray:
    """A writable copy of an array in a layout of `LAYOUTS`.

    What lies between and around its elements is NaN, or large where it holds integers.
    """
    if layout == "contiguous":
        return array.copy()
    place, itemsize = placement(array, layout), array.itemsize
    buffer = np.full(place.size, np.nan if array.dtype.kind == "f" else LARGE, array.dtype)
    strides = [itemsize * stride for stride in place.all_strides]
    own = as_strided(buffer[place.offset :], array.shape, strides)
    own[...] = array
    return own


def _c_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of a contiguous array, the last axis first in memory."""
    return tuple(math.prod(shape[n + 1 :]) for n in range(len(shape)))


def _is_constant(array: Any, axis: int) -> bool:
    """Whether an array has the same numbers all along an axis; one of length 1 counts not."""
    if array.shape[axis] < 2:
        return False
    first = array[(slice(None),) * axis + (slice(1),)]
    return bool((array == first).all())
