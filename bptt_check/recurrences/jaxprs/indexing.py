"""Gathering and scattering of JAX in NumPy: windows of an array at places that another one says.

Both go through the same places: of each window a start along some axes, within it every offset;
axes that windows do not have any more are those along which they are one entry thick. Dimension
numbers are those of `jax.lax.GatherDimensionNumbers`; the last axis of indices holds one start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...cases.types import Array

Params = Mapping[str, Any]


class Windows(NamedTuple):
    """How windows of an array [...] lie in an array of all their entries.

    Args:
        shape: of the array.
        sizes: of a window along each of its axes.
        of_entries: how many axes there are for all entries.
        offsets: axes among those for what is in a window; the others are for the windows.
        thin: axes of the array that a window does not have.
        started: axes of the array along which starts are given.
        batches: pairs of an axis of the array and one of the indices that go together.
    """

    shape: Sequence[int]
    sizes: Sequence[int]
    of_entries: int
    offsets: Sequence[int]
    thin: Sequence[int]
    started: Sequence[int]
    batches: Sequence[tuple[int, int]]

    def places(self, indices: Array, clips: bool) -> tuple[list[Array], Array]:
        """Where each entry lies along every axis of the array, and whether its window is inside.

        Args:
            indices: starts [..., axes that are started].
            clips: whether windows are moved inside.
        """
        of_windows = [i for i in range(self.of_entries) if i not in self.offsets]
        inside = np.ones((1,) * self.of_entries, bool)
        places = [np.zeros((1,) * self.of_entries, np.int64) for _ in self.shape]
        for column, axis in enumerate(self.started):
            last = self.shape[axis] - self.sizes[axis]
            starts = _along(indices[..., column].astype(np.int64), of_windows, self.of_entries)
            inside = inside & (starts >= 0) & (starts <= last)
            places[axis] = places[axis] + np.clip(starts, 0, max(last, 0))
        thick = [axis for axis in range(len(self.shape)) if axis not in self.thin]
        for axis, place in zip(thick, self.offsets, strict=True):
            offsets = np.arange(self.sizes[axis])
            places[axis] = places[axis] + _along(offsets, [place], self.of_entries)
        for axis, of_indices in self.batches:
            numbers = np.arange(self.shape[axis])
            places[axis] = _along(numbers, [of_windows[of_indices]], self.of_entries)
        return places, np.ones_like(inside) if clips else inside


def _along(values: Array, axes: Sequence[int], count: int) -> Array:
    """The values with their axes at these places among so many."""
    shape = [1] * count
    for axis, length in zip(axes, values.shape, strict=True):
        shape[axis] = length
    return values.reshape(shape)


def gather(params: Params, x: Array, indices: Array) -> Any:
    """`jax.lax.gather` of samples."""
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    windows = Windows(
        x.shape[1:],
        sizes,
        indices.ndim - 2 + len(numbers.offset_dims),
        numbers.offset_dims,
        (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims),
        numbers.start_index_map,
        [*zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)],
    )
    if x.size == 0 or params["mode"] is None:
        return NotImplemented
    fill = _fill_value(params["fill_value"], x.dtype)
    if len(indices) == 1:
        return _gathered(windows, x, indices[0], _clips(params), fill)
    spread = np.broadcast_to(x, (len(indices), *x.shape[1:]))
    pairs = zip(spread, indices, strict=True)
    return np.concatenate([_gathered(windows, a[None], i, _clips(params), fill) for a, i in pairs])


def _gathered(windows: Windows, x: Array, indices: Array, clips: bool, fill: Any) -> Array:
    places, inside = windows.places(indices, clips)
    found = x[(slice(None), *np.broadcast_arrays(*places))] if places else x
    return found if inside.all() else np.where(inside, found, fill)


def _fill_value(value: Any, dtype: Any) -> Any:
    """What is read outside, where nothing is said."""
    if value is not None:
        return np.asarray(value, dtype)
    if dtype.kind in "fc":
        return np.asarray(np.nan, dtype)
    if dtype.kind == "b":
        return np.asarray(True)
    limits = np.iinfo(dtype)
    return np.asarray(limits.min if dtype.kind == "i" else limits.max, dtype)


def scatter(put: Callable[[Array, Any, Array], None]) -> Callable[..., Any]:
    """`jax.lax.scatter`, or one of its kin, of samples.

    Args:
        put: `put(array, places, updates)` writes into the array.
    """

    def apply(params: Params, x: Array, indices: Array, updates: Array) -> Any:
        if put is _assign and params["update_jaxpr"] is not None:
            return NotImplemented
        samples = max(len(x), len(indices), len(updates))
        out = np.array(np.broadcast_to(x, (samples, *x.shape[1:])))
        windows = _updated(params["dimension_numbers"], x.shape[1:], updates.shape[1:])
        if len(indices) == 1:
            _put(put, windows, (out, indices[0], updates), _clips(params))
            return out
        spread = np.broadcast_to(updates, (samples, *updates.shape[1:]))
        for i in range(samples):
            given = out[i : i + 1], indices[i], spread[i : i + 1]
            _put(put, windows, given, _clips(params))
        return out

    return apply


def _updated(numbers: Any, shape: Sequence[int], of_updates: Sequence[int]) -> Windows:
    thin = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    lengths = iter([of_updates[axis] for axis in numbers.update_window_dims])
    sizes = [1 if axis in thin else next(lengths) for axis in range(len(shape))]
    pairs = zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True)
    return Windows(
        shape,
        sizes,
        len(of_updates),
        numbers.update_window_dims,
        thin,
        numbers.scatter_dims_to_operand_dims,
        [*pairs],
    )


def _put(
    put: Callable[[Array, Any, Array], None],
    windows: Windows,
    given: tuple[Array, Array, Array],
    clips: bool,
) -> None:
    """Write updates into an array, without those that are outside."""
    out, indices, updates = given
    places, inside = windows.places(indices, clips)
    shape = updates.shape[1:]
    kept = np.broadcast_to(inside, shape)
    at = [np.broadcast_to(place, shape)[kept] for place in places]
    put(out, (slice(None), *at), updates[:, kept])


def _assign(out: Array, places: Any, updates: Array) -> None:
    out[places] = updates


def _clips(params: Params) -> bool:
    """Whether windows outside are moved inside; where none are, that changes nothing."""
    return getattr(params["mode"], "name", "") != "FILL_OR_DROP"


INDEXING: dict[str, Callable[..., Any]] = {
    "gather": gather,
    "scatter": scatter(_assign),
    "scatter-add": scatter(np.add.at),
    "scatter-mul": scatter(np.multiply.at),
    "scatter-min": scatter(np.minimum.at),
    "scatter-max": scatter(np.maximum.at),
}
"""By the names that they have in JAX: `f(params, *operands)`."""
