"""The two safetensors files of a case: the one that a program gets, and the one that it writes.

What a program wrote is read here and not by the library, which maps it into memory, where a program
that writes on could end us, and which tells a type that NumPy lacks by its name alone.
`docs/protocol.md` is the definition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from ..cases.case import Case
from ..cases.result import Result
from ..cases.written.regular_file import read_regular
from ..errors import SubjectFailed, Unsupported, quoted, why_no_json

T = TypeVar("T")

PROTOCOL = 1
"""Version of what is said and of what stands in the files."""
OUTPUT = "output."
"""Starts the name of a tensor that is a value of the forward pass and no gradient."""
METADATA = "__metadata__"
LARGEST = 2**30
"""Bytes of a file that are read."""
LARGEST_HEADER = 2**26
"""Bytes of its header."""
_LENGTH = 8
"""Bytes of the number with which a file begins."""
TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BOOL": "|b1",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
}
"""Types of safetensors that NumPy has, to NumPy's."""


class Tensor(msgspec.Struct, forbid_unknown_fields=True):
    """What the header says of one tensor: where it lies, in bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def write_case(case: Case, path: Path) -> None:
    """The file of a case: every array under its name, the rest as metadata."""
    from safetensors.numpy import save_file

    said = {"protocol": PROTOCOL, **asdict(case.model), **asdict(case.sizes), "dtype": case.dtype}
    said |= asdict(case.truncation) if case.truncation else {}
    arrays = {n: np.ascontiguousarray(a) for n, a in {**case.params, **case.data}.items()}
    save_file(arrays, path, {name: _word(value) for name, value in said.items()})


def read_result(path: Path) -> Result:
    """The result in the file that a program has written.

    Raises:
        Unsupported: its metadata says `unsupported`.
        SubjectFailed: there is no such file, or it cannot be read.
    """
    try:
        metadata, tensors = read_tensors(read_regular(path, LARGEST))
    except FileNotFoundError:
        raise SubjectFailed("did not write the file that it was told to write") from None
    except Exception as error:  # a program may write anything, and no list of errors is complete
        raise SubjectFailed(f"wrote a file that is no safetensors file: {error}") from error
    if "unsupported" in metadata:
        raise Unsupported(metadata["unsupported"])
    outputs = {n[len(OUTPUT) :]: tensors.pop(n) for n in list(tensors) if n.startswith(OUTPUT)}
    loss = tensors.pop("loss", None)
    return Result(loss, tensors, outputs=outputs or None)


def read_tensors(content: bytes) -> tuple[Mapping[str, str], dict[str, Any]]:
    """The metadata and the arrays of a safetensors file.

    Raises:
        ValueError: it is none.
    """
    length = int.from_bytes(content[:_LENGTH], "little")
    if len(content) < _LENGTH or length > min(LARGEST_HEADER, len(content) - _LENGTH):
        raise ValueError(f"its first {_LENGTH} bytes are not the length of its header")
    header, data = content[_LENGTH : _LENGTH + length], content[_LENGTH + length :]
    entries = _read_json(header, dict[str, msgspec.Raw])
    metadata = _read_json(entries.pop(METADATA, b"{}"), dict[str, str])
    return metadata, {name: _array(name, entry, data) for name, entry in entries.items()}


def _read_json(content: bytes, kind: type[T]) -> T:
    """A value of a type, out of JSON."""
    try:
        return msgspec.json.decode(content, type=kind)
    except Exception as error:  # of JSON, of UTF-8, of nesting
        raise ValueError(why_no_json(bytes(content), error)) from error


def _array(name: str, entry: bytes, data: bytes) -> Any:
    """One array, none of it allocated before its bytes are there."""
    tensor = _read_json(entry, Tensor)
    if tensor.dtype not in TYPES:
        valid = ", ".join(TYPES)
        raise ValueError(f"{quoted(name)} has the type {quoted(tensor.dtype)}; valid here: {valid}")
    dtype, (begin, end) = np.dtype(TYPES[tensor.dtype]), tensor.data_offsets
    size = dtype.itemsize * math.prod(tensor.shape)
    if min(0, *tensor.shape, begin) < 0 or end > len(data) or end - begin != size:
        raise ValueError(
            f"{quoted(name)} has shape {quoted(tensor.shape)} of {tensor.dtype}, and says that it "
            f"lies in bytes {begin} to {end} of {len(data)}"
        )
    return np.frombuffer(data[begin:end], dtype).reshape(tensor.shape)


def _word(value: object) -> str:
    """Booleans as in JSON, everything else as it prints."""
    return str(value).lower() if isinstance(value, bool) else str(value)
