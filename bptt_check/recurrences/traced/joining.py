"""Functions that put arrays together, or cut them; none of them rounds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...cases.types import Array
from ...errors import SpecError
from .applying import axis_of, entries_of, joined, trace_of
from .arranging import along


def _concatenate(arrays: Sequence[Any], axis: Any = 0) -> Any:
    if axis is None:
        arrays, axis = [np.reshape(a, -1) for a in arrays], 0
    trace = trace_of(*arrays)
    values = [entries_of(trace, a) for a in arrays]
    at = 1 + axis_of(axis, values[0].ndim - 1)
    value = np.concatenate(_of_as_many_samples(values), axis=at)
    edges = np.cumsum([0, *(v.shape[at] for v in values)]).tolist()
    lead = (slice(None),) * at
    pulls = [lambda bar, key=(*lead, slice(i, j)): bar[key] for i, j in itertools.pairwise(edges)]
    return joined(trace, value, list(zip(arrays, pulls, strict=True)))


def _stack(arrays: Sequence[Any], axis: Any = 0) -> Any:
    arrays = list(arrays)
    trace = trace_of(*arrays)
    values = [entries_of(trace, a) for a in arrays]
    at = 1 + axis_of(axis, values[0].ndim)
    value = np.stack(_of_as_many_samples(values), axis=at)
    lead = (slice(None),) * at
    pulls = [lambda bar, key=(*lead, i): bar[key] for i in range(len(arrays))]
    return joined(trace, value, list(zip(arrays, pulls, strict=True)))


def _of_as_many_samples(values: Sequence[Array]) -> list[Array]:
    samples = max(len(v) for v in values)
    return [v if len(v) == samples else np.broadcast_to(v, (samples, *v.shape[1:])) for v in values]


def _vstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([a if np.ndim(a) > 1 else np.reshape(a, (1, -1)) for a in tup], axis=0)


def _hstack(tup: Sequence[Any]) -> Any:
    rows = [np.reshape(a, (1,)) if np.ndim(a) == 0 else a for a in tup]
    return np.concatenate(rows, axis=0 if np.ndim(rows[0]) == 1 else 1)


def _tile(A: Any, reps: Any) -> Any:
    times = reps if isinstance(reps, (tuple, list)) else (reps,)
    times = (1,) * (A.ndim - len(times)) + tuple(times)
    tiled = A[(*(None,) * (len(times) - A.ndim), ...)]
    for axis, n in enumerate(times):
        if n != 1:
            tiled = np.concatenate([tiled] * n, axis=axis)
    return tiled


def _roll(a: Any, shift: int, axis: Any = None) -> Any:
    if axis is None:
        return _roll(a.reshape(-1), shift, 0).reshape(a.shape)
    if isinstance(axis, tuple):
        raise SpecError("np.roll: roll along one axis at a time.")
    size = a.shape[axis_of(axis, a.ndim)]
    cut = (size - shift) % max(size, 1)
    return np.concatenate(
        [along(a, slice(cut, None), axis), along(a, slice(0, cut), axis)], axis=axis
    )


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    size = ary.shape[axis_of(axis, ary.ndim)]
    parts = np.array_split(np.arange(size), indices_or_sections)
    starts = [0, *np.cumsum([len(p) for p in parts]).tolist()]
    return [along(ary, slice(i, j), axis) for i, j in itertools.pairwise(starts)]


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    size = ary.shape[axis_of(axis, ary.ndim)]
    if isinstance(indices_or_sections, int) and size % indices_or_sections:
        raise ValueError("np.split: an axis cannot be cut into equal parts")
    return _array_split(ary, indices_or_sections, axis)


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0) -> Any:
    if mode != "constant" or not isinstance(constant_values, (int, float)):
        raise SpecError("np.pad: pad with one constant, or write it with np.concatenate.")
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)).tolist()
    shape = tuple(n + i + j for n, (i, j) in zip(array.shape, widths, strict=True))
    padded = np.full_like(array, constant_values, shape=shape)
    inner = tuple(slice(i, i + n) for n, (i, _) in zip(array.shape, widths, strict=True))
    padded[inner] = array
    return padded


JOINING: dict[Any, Any] = {
    np.roll: _roll,
    np.tile: _tile,
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.vstack: _vstack,
    np.hstack: _hstack,
    np.array_split: _array_split,
    np.split: _split,
    np.pad: _pad,
}
"""Functions of NumPy with what they do where an operand is traced."""
