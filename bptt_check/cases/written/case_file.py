"""The file of a case, an `.npz` of ours, read without believing anything that it says of itself."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...errors import SpecError, cut, one_line, quoted
from ..types import Array, Arrays
from .regular_file import open_regular

LARGEST = 2**28
"""Bytes of all arrays of a file: more is no case that anybody could have checked."""
MOST = 10_000
"""Arrays of a file."""
PARAMETER = "param."
"""Starts the name of an array that is a parameter."""
HEADER = "header"
"""The member that is JSON and no array of numbers."""
_ENCRYPTED = 0x1
"""Bit of the flags of a member of a zip file."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes; the memory that other kinds take is not bounded by what is read."""


def write_case_file(
    path: str | Path | IO[bytes], header: Mapping[str, Any], params: Arrays, others: Arrays
) -> None:
    """Write a header, parameters and other arrays as an `.npz` file, without pickle, or into an
    open one.
    """
    named: dict[str, Any] = {f"{PARAMETER}{n}": a for n, a in params.items()}
    named |= {HEADER: np.array(json.dumps(header)), **others}
    with open(path, "wb") if isinstance(path, str | Path) else nullcontext(path) as file:
        np.savez(file, **named)  # a file, since to a name NumPy adds its own ending


def read_case_file(
    path: str | Path,
) -> tuple[dict[str, Any], dict[str, Array], dict[str, Any]]:
    """The header of a file, its parameters and its other arrays, all of it as it stands there.

    Raises:
        FileNotFoundError: there is none.
        Exception: whatever else is wrong with it; see `no_case`.
    """
    with open_regular(path) as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is not a whole .npz file")
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_sizes(members)
            arrays = {_name(member): _array(archive, member) for member in members}
    if HEADER not in arrays:
        raise ValueError("it has no header")
    header = _header(arrays.pop(HEADER))
    named = {n: arrays.pop(n) for n in list(arrays) if n.startswith(PARAMETER)}
    return header, {n.removeprefix(PARAMETER): a for n, a in named.items()}, arrays


@contextmanager
def no_case(path: str | Path) -> Generator[None, None, None]:
    """In the body, whatever is raised in reading a file becomes a `SpecError` that names it.

    All errors, since those of zip, deflate, NumPy's header and JSON together are no list that
    anybody knows; that there is no file stays what it is.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        told = str(error.strerror if isinstance(error, OSError) else error)
        why = one_line(told) or type(error).__name__  # NumPy's advice has several lines
        raise SpecError(f"{cut(str(path), 300)} is not a case saved by Case.save: {why}") from error


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    """Raise `ValueError` for what is not read at all, by what the file says of itself."""
    if len(members) > MOST:
        raise ValueError(f"it has {len(members):,} members; a case has at most {MOST:,}")
    size = sum(member.file_size for member in members)
    if size > LARGEST:
        raise ValueError(f"its arrays take {size:,} bytes; a case has at most {LARGEST:,}")
    names = [member.filename for member in members]
    for member in members:
        name = quoted(member.filename)
        if not member.filename.endswith(".npy"):
            raise ValueError(f"its member {name} is no array")
        if member.flag_bits & _ENCRYPTED:
            raise ValueError(f"its member {name} is encrypted")
        if member.compress_type not in _COMPRESSIONS:
            raise ValueError(f"its member {name} has compression {member.compress_type}")
    if len(set(names)) < len(names):
        raise ValueError("it has two members of one name")


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """The array of a member, none of it allocated before it is there."""
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    name = quoted(_name(member))
    if len(content) != member.file_size:
        raise ValueError(f"its array {name} has not the size that the file says")
    start = io.BytesIO(content)
    version = np.lib.format.read_magic(start)
    if version > (2, 0):
        raise ValueError(f"its array {name} is of version {version[0]} of the format of NumPy")
    read = np.lib.format.read_array_header_1_0
    shape, fortran, dtype = (read if version[0] == 1 else np.lib.format.read_array_header_2_0)(
        start
    )
    if dtype.kind not in "fiub" and (dtype.kind, name) != ("U", repr(HEADER)):
        raise ValueError(
            f"its array {name} has dtype {quoted(dtype.str)}, and holds no real numbers"
        )
    count, size = math.prod(shape), len(content) - start.tell()
    if min(shape, default=0) < 0 or dtype.itemsize * count != size:
        raise ValueError(f"its array {name} has {size:,} bytes, and says of itself: shape {shape}")
    array = np.frombuffer(content[start.tell() :], dtype) if count else np.empty(0, dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _header(array: Array) -> dict[str, Any]:
    """The JSON object in the header."""
    if array.dtype.kind != "U" or array.shape:
        raise ValueError("its header is no text")
    header = json.loads(str(array))
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    return header
