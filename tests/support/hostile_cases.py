"""Files that are called cases and are none: each builder writes one, by its name."""

from __future__ import annotations

import functools
import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import bptt_check as bc

LINE = "rnn-tanh T=2 B=1 D=1 H=1 O=2 seed=3"


def members_of(path: Path) -> dict[str, bytes]:
    """The members of a saved case, `.npy` files by their names."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file of them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@functools.cache
def saved() -> dict[str, bytes]:
    """The members of a right case."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "right.npz")
        bc.Spec.parse(LINE).build().save(path)
        return members_of(path)


def npy(said: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """An `.npy` file that says this of itself."""
    head = said.encode("latin1") + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(head))
    return b"\x93NUMPY" + bytes(version) + length + head + data


def array_file(array: Any) -> bytes:
    """An `.npy` file of an array, with pickle if it takes that."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def said(dtype: str = "<f8", shape: str = "(2, 1, 1)") -> str:
    """What an `.npy` file says of itself."""
    return f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}"


def with_x(content: bytes) -> bytes:
    """A case whose x is this `.npy` file."""
    return zipped({**saved(), "x.npy": content})


def with_header(**changes: Any) -> bytes:
    """A case with other values in its header."""
    members = saved()
    header = json.loads(str(np.load(io.BytesIO(members["header.npy"]))))
    return with_text(json.dumps({**header, **changes}))


def with_text(text: str) -> bytes:
    """A case with this text as its header."""
    return zipped({**saved(), "header.npy": array_file(np.array(text))})


def model(**changes: Any) -> bytes:
    """A case with another model in its header."""
    return with_header(model={"cell": "rnn", **changes})


def patched(offset_local: int, offset_central: int, value: bytes) -> bytes:
    """A case in which fields of the first member's two zip headers hold these bytes."""
    content = bytearray(zipped(saved()))
    central = content.index(b"PK\x01\x02")
    content[offset_local : offset_local + len(value)] = value
    content[central + offset_central : central + offset_central + len(value)] = value
    return bytes(content)


def twice() -> bytes:
    """A case with two members of one name."""
    content = zipped({**saved(), "y.npy": saved()["x.npy"]})
    return content.replace(b"y.npy", b"x.npy")


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not a whole .npz file"),
    "text": (lambda: b"hello", "not a whole .npz file"),
    "bare array": (lambda: saved()["x.npy"], "not a whole .npz file"),
    "half": (lambda: zipped(saved())[:300], "not a whole .npz file"),
    "end of a zip file": (lambda: zipped(saved())[-100:], ""),
    "empty zip file": (lambda: zipped({}), "it has no header"),
    "encrypted": (lambda: patched(6, 8, b"\x01"), "is encrypted"),
    "bzip2": (lambda: zipped(saved(), zipfile.ZIP_BZIP2), "has compression 12"),
    "lzma": (lambda: zipped(saved(), zipfile.ZIP_LZMA), "has compression 14"),
    "unknown compression": (lambda: patched(8, 10, b"\x63"), "has compression 99"),
    "says it is deflated": (lambda: patched(8, 10, b"\x08"), ""),
    "says it is small": (lambda: patched(22, 24, b"\x05\0\0\0"), ""),
    "says it is large": (lambda: patched(22, 24, b"\0\0\0\x01"), ""),
    "says it is very large": (lambda: patched(22, 24, b"\xff\xff\xff\x7f"), "at most 268,435,456"),
    "other checksum": (lambda: patched(14, 16, b"\0\0\0\0"), "Bad CRC"),
    "two of a name": (twice, "two members of one name"),
    "a member that is no array": (lambda: zipped({**saved(), "x.txt": b""}), "'x.txt' is no array"),
    "a path": (lambda: zipped({**saved(), "../../x.npy": saved()["x.npy"]}), "must be None"),
    "pickle": (lambda: with_x(array_file(np.array([{}]))), "dtype '|O', and holds no real numbers"),
    "complex": (lambda: with_x(array_file(np.ones((2, 1, 1), complex))), "no real numbers"),
    "records": (lambda: with_x(array_file(np.zeros(2, "i4,f8"))), "no real numbers"),
    "dates": (lambda: with_x(array_file(np.zeros(2, "M8[s]"))), "no real numbers"),
    "text for x": (lambda: with_x(array_file(np.array("x"))), "no real numbers"),
    "no magic": (lambda: with_x(b"what is this?"), "magic"),
    "empty member": (lambda: with_x(b""), "magic"),
    "version 3": (lambda: with_x(npy(said(), bytes(16), (3, 0))), "is of version 3"),
    "version 9": (lambda: with_x(npy(said(), bytes(16), (9, 9))), "is of version 9"),
    "large shape": (lambda: with_x(npy(said(shape="(10**9, 10**9)"))), ""),
    "false shape": (lambda: with_x(npy(said(shape="(1000000000000,)"))), "says of itself: shape"),
    "negative shape": (lambda: with_x(npy(said(shape="(-1, -2)"), bytes(16))), "says of itself"),
    "shape of many axes": (lambda: with_x(npy(said(shape=str((1,) * 99)), bytes(8))), ""),
    "no shape": (lambda: with_x(npy("{'descr': '<f8'}")), ""),
    "deep header": (lambda: with_x(npy("(" * 9000)), ""),
    "code in a header": (lambda: with_x(npy("__import__('os').abort()")), ""),
    "long header": (lambda: with_x(npy(said() + " " * 60000, bytes(16))), "header"),
    "text as header": (lambda: with_text("hello"), "Expecting value"),
    "nested header": (lambda: with_text("[" * 100_000), ""),
    "list as header": (lambda: with_text("[]"), "its header is no JSON object"),
    "number as header": (lambda: zipped({**saved(), "header.npy": array_file(1)}), "no text"),
    "two headers": (
        lambda: zipped({**saved(), "header.npy": array_file(np.array(["a", "b"]))}), "no text",
    ),
    "no model": (lambda: with_text("{}"), "truncation"),
    "model of a list": (lambda: with_header(model=[1]), ""),
    "cell of a list": (lambda: model(cell=[]), ""),
    "unknown cell": (lambda: model(cell="\x1b[31mx"), "unknown cell '\\x1b[31mx'"),
    "long cell": (lambda: model(cell="x" * 10**6), "(1,000,000 characters)"),
    "half a pair": (lambda: model(cell="\ud800"), "unknown cell '\\ud800'"),
    "unknown field": (lambda: model(sell="rnn"), "sell"),
    "layers without end": (lambda: model(layers=10**12), "layers need more arrays"),
    "layers of a word": (lambda: model(layers="two"), "layers must be an integer"),
    "truncation of a list": (lambda: with_header(truncation=[1]), ""),
    "truncation of nothing": (lambda: with_header(truncation={"k1": 0, "k2": 1}), "at least 1"),
    "dtype of a list": (lambda: with_header(dtype=[]), "unknown dtype []"),
    "unknown layout": (lambda: with_header(layout="upside down"), "unknown layout"),
    "spec of a number": (lambda: with_header(spec=3), ""),
    "spec of nonsense": (lambda: with_header(spec="\u202e?"), "unknown model '\\u202e?'"),
    "spec of a long number": (lambda: with_header(spec=f"{LINE}{'9' * 5000}"), "digits"),
    "spec of another model": (lambda: with_header(spec="lstm T=2 B=1"), "the model lstm"),
    "spec of other sizes": (
        lambda: with_header(spec=LINE.replace("T=2", "T=100000000")), "its spec has the sizes",
    ),
    "spec of another dtype": (lambda: with_header(spec=f"{LINE} dtype=float32"), "the dtype"),
    "spec of a layout": (lambda: with_header(spec=f"{LINE} layout=strided"), "the layout strided"),
    "spec with truncation": (lambda: with_header(spec=f"{LINE} k1=1 k2=1"), "the truncation"),
    "not finite": (lambda: with_x(array_file(np.full((2, 1, 1), np.nan))), "NaN or infinity"),
    "no axes": (lambda: with_x(array_file(np.array(1.0))), "x must be (T, B, D)"),
    "many unknown": (
        lambda: zipped(saved() | {f"param.{n}.npy": saved()["x.npy"] for n in range(400)}),
        "and 380 more",
    ),
    "long name": (
        lambda: zipped({**saved(), f"param.{'x' * 60_000}.npy": saved()["x.npy"]}),
        "(60,000 characters)",
    ),
    "commands in a name": (
        lambda: zipped({**saved(), "param.\x1b[2J.npy": saved()["x.npy"]}), "\\x1b[2J",
    ),
}  # fmt: skip
"""What is wrong with a file, to how it is made and what is said of it."""
