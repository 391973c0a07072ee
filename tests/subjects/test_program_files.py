"""The file that a program writes: read, or told as what it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.mutations import told

from bptt_check.errors import SubjectFailed, Unsupported
from bptt_check.subjects import program_files
from bptt_check.subjects.program_files import TYPES, read_result


def file_of(header: Any, data: bytes = b"") -> bytes:
    """A safetensors file with this header, JSON types or bytes."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + data


def tensor(
    dtype: str = "F64", shape: Any = (), offsets: Any = (0, 8), **more: Any
) -> dict[str, Any]:
    """What a header says of a tensor."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def one(*arguments: Any, **more: Any) -> bytes:
    """A file of one tensor, `loss`, and eight bytes."""
    return file_of({"loss": tensor(*arguments, **more)}, bytes(8))


FILES = {
    "nothing": (b"", "not the length of its header"),
    "text": (b"hello, world", "not the length of its header"),
    "endless header": (b"\xff" * 8, "not the length of its header"),
    "header beyond the end": ((9).to_bytes(8, "little") + b"{}", "not the length of its header"),
    "no json": (file_of(b"hello"), "malformed"),
    "not UTF-8": (file_of(b'{"\xff": 1}'), "it is not UTF-8: byte 0xff at 2"),
    "list": (file_of([]), "Expected `object`"),
    "nested": (file_of(b"[" * 100_000), "Expected `object`"),
    "nested tensor": (file_of(b'{"loss": ' + b"[" * 100_000), ""),
    "metadata of numbers": (file_of({"__metadata__": {"a": 1}}), "Expected `str`"),
    "tensor of a list": (file_of({"loss": []}), "Expected `object`"),
    "no shape": (file_of({"loss": {"dtype": "F64"}}), "shape"),
    "another key": (one(order="F"), "unknown field `order`"),
    "bfloat16": (one("BF16", (4,)), "'loss' has the type 'BF16'; valid here: F64, F32"),
    "float8": (one("F8_E4M3", (8,)), "has the type 'F8_E4M3'"),
    "type of a command": (one("\x1b[31m"), "has the type '\\x1b[31m'"),
    "type of a million letters": (one("F" * 10**6), "(1,000,000 characters)"),
    "name of a million letters": (
        file_of({"x" * 10**6: tensor("BF16")}, bytes(8)), "(1,000,000 characters)",
    ),
    "too many numbers": (one("F64", (10**9, 10**9)), "lies in bytes 0 to 8 of 8"),
    "too few numbers": (one("F32"), "lies in bytes 0 to 8 of 8"),
    "negative shape": (one("F64", (-1, -1)), "has shape (-1, -1)"),
    "many axes": (one("F64", (1,) * 99), ""),
    "fraction of an axis": (one("F64", (0.5,)), "Expected `int`"),
    "begins before the data": (one("F64", (), (-8, 0)), "lies in bytes -8 to 0"),
    "ends beyond the data": (one("F64", (), (8, 16)), "lies in bytes 8 to 16 of 8"),
    "ends before it begins": (one("F64", (), (8, 0)), "lies in bytes 8 to 0"),
}  # fmt: skip
"""What is wrong with a file, to its bytes and what is said of it."""


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_no_answer_is_told(name, tmp_path):
    """In one line, as what the program did."""
    content, words = FILES[name]
    (tmp_path / "out").write_bytes(content)
    with pytest.raises(SubjectFailed, match="wrote a file that is no safetensors file: ") as caught:
        read_result(tmp_path / "out")
    text = told(caught.value)

    assert "\n" not in text
    assert words in text


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("folder", "it is a folder"),
        ("pipe", "it is no regular file"),
        ("/dev/zero", "it is no regular file"),
    ],
)
def test_what_is_no_file_is_told(place, words, tmp_path):
    """A folder, a pipe that nobody writes to, a file without end: none of them is waited for."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SubjectFailed, match=f"no safetensors file: {words}"):
        read_result(tmp_path / place)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """As that, and not as one that cannot be read."""
    with pytest.raises(SubjectFailed, match="did not write the file"):
        read_result(tmp_path / "out")


def test_the_size_of_a_file_is_limited(tmp_path, monkeypatch):
    """One byte less is read."""
    (tmp_path / "out").write_bytes(one())
    monkeypatch.setattr(program_files, "LARGEST", len(one()))
    read_result(tmp_path / "out")
    monkeypatch.setattr(program_files, "LARGEST", len(one()) - 1)

    with pytest.raises(SubjectFailed, match="it has more than"):
        read_result(tmp_path / "out")


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_numpy_is_read(name, tmp_path):
    """Bit by bit, with spaces behind the header as a writer may put them."""
    array = np.arange(6).astype(TYPES[name]).reshape(2, 3)
    header = json.dumps({"W": tensor(name, (2, 3), (0, array.nbytes))}).encode() + b"   "
    (tmp_path / "out").write_bytes(file_of(header, array.tobytes()))
    got = read_result(tmp_path / "out").grads["W"]

    assert got.dtype == array.dtype
    assert np.array_equal(got, array)


def test_the_library_and_we_read_the_same(tmp_path):
    """Of a file that the library wrote, empty arrays and metadata included."""
    save_file = pytest.importorskip("safetensors.numpy").save_file
    arrays = {"loss": np.array(2.5), "W": np.ones((2, 3), np.float32), "none": np.empty((0, 4))}
    save_file(arrays, tmp_path / "out", {"by": "me"})
    metadata, tensors = program_files.read_tensors(Path(tmp_path / "out").read_bytes())

    assert metadata == {"by": "me"}
    assert {n: (a.dtype, a.shape) for n, a in arrays.items()} == {
        n: (a.dtype, a.shape) for n, a in tensors.items()
    }
    assert all(np.array_equal(a, tensors[n]) for n, a in arrays.items())


def test_declining_in_the_file_is_declining(tmp_path):
    """With the reason of the program, which can be printed."""
    (tmp_path / "out").write_bytes(file_of({"__metadata__": {"unsupported": "not \x1b[31mtoday"}}))

    with pytest.raises(Unsupported) as caught:
        read_result(tmp_path / "out")
    assert str(caught.value) == "not \\x1b[31mtoday"
