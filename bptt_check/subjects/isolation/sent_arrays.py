"""Arrays in the messages of parent and worker: numbers of a known type and shape, or refused."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

ARRAY = 1
"""Code of the MessagePack extension that is an array: dtype, number of axes, shape, bytes."""
NUMBERS = "fiub"
"""Kinds of dtypes that are sent."""
FORMS = 256
"""Dtypes with shapes that are remembered as bytes: the arrays of one target, and of others."""
_SHAPE_AT = 4


def to_wire(value: Any) -> Any:
    """Anything NumPy reads as numbers becomes an array; a mapping becomes a dict."""
    if not isinstance(value, np.ndarray) and isinstance(value, Mapping):
        return dict(value)
    array = np.asarray(value)
    form = _form(array.dtype, array.shape)
    if form is None:
        raise TypeError(f"{type(value).__name__} is no array of numbers")
    dtype, head = form
    return msgspec.msgpack.Ext(ARRAY, head + array.astype(dtype, copy=False).tobytes())


@functools.lru_cache(FORMS)
def _form(dtype: np.dtype, shape: tuple[int, ...]) -> tuple[np.dtype, bytes] | None:
    """The dtype in which an array is sent, and what is sent before its numbers."""
    if dtype.kind not in NUMBERS:
        return None
    sent = dtype.newbyteorder("<")
    axes = len(shape)
    return sent, sent.str.encode().ljust(3) + bytes([axes]) + struct.pack(f"<{axes}Q", *shape)


def from_wire(code: int, data: memoryview) -> np.ndarray:
    """A read-only array."""
    axes = data[_SHAPE_AT - 1] if code == ARRAY and len(data) >= _SHAPE_AT else 255
    start = _SHAPE_AT + 8 * axes
    if axes > 32 or len(data) < start:
        raise ValueError("it holds something that is no array")
    dtype, shape = _read_form(bytes(data[:start]))
    if dtype.kind not in NUMBERS or len(data) != start + dtype.itemsize * math.prod(shape):
        raise ValueError(f"it holds an array of {dtype} that is none of shape {shape}")
    return np.frombuffer(bytes(data[start:]), dtype).reshape(shape)


@functools.lru_cache(FORMS)
def _read_form(head: bytes) -> tuple[np.dtype, tuple[int, ...]]:
    """The dtype and the shape that stand before the numbers of an array."""
    shape = struct.unpack_from(f"<{head[_SHAPE_AT - 1]}Q", head, _SHAPE_AT)
    return np.dtype(head[: _SHAPE_AT - 1].decode("ascii")), shape


def only_arrays(_: Any, value: Any) -> Any:
    """Only arrays have types of ours that MessagePack does not know."""
    if not isinstance(value, np.ndarray):
        raise ValueError("it holds something else where an array belongs")
    return value
