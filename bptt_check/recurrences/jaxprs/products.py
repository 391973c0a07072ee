"""Products of tensors of JAX in NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...cases.types import Array


def product_of_tensors(params: Mapping[str, Any], a: Array, b: Array) -> Any:
    """Axes of batches come first in the result, then those of a that are left, then those of b."""
    (summed_a, summed_b), (batch_a, batch_b) = params["dimension_numbers"]
    if a.dtype != b.dtype or a.dtype.kind not in "fc":
        return NotImplemented
    left, free_a = _arranged(a, batch_a, summed_a, summed_last=True)
    right, free_b = _arranged(b, batch_b, summed_b, summed_last=False)
    batches = [a.shape[axis + 1] for axis in batch_a]
    product = left @ right if summed_a else left * right
    return product.reshape(len(product), *batches, *free_a, *free_b)


def _arranged(
    x: Array, batch: Sequence[int], summed: Sequence[int], summed_last: bool
) -> tuple[Array, list[int]]:
    """As matrices [samples, *batch, free, summed], or the other way round; lengths of the free."""
    free = [axis for axis in range(x.ndim - 1) if axis not in batch and axis not in summed]
    order = (*batch, *free, *summed) if summed_last else (*batch, *summed, *free)
    lengths = [x.shape[axis + 1] for axis in free]
    counts = math.prod(lengths), math.prod(x.shape[axis + 1] for axis in summed)
    matrix = counts if summed_last else counts[::-1]
    batches = [x.shape[axis + 1] for axis in batch]
    return x.transpose(0, *(axis + 1 for axis in order)).reshape(len(x), *batches, *matrix), lengths
