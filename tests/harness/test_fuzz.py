"""Whatever stands in a file or comes from a program is read, or refused in a sentence: fuzzed.

A few fixed examples here; `nox -s fuzz` draws as many as one likes. A test asks two things of each:
nothing but the documented error is raised, and its text can be printed in a few lines.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st
from support import made
from support.hostile_cases import LINE, saved, zipped
from support.mutations import HOSTILE_TEXTS, fuzzing, mutated_bytes, mutated_json, told
from support.older_runs import version_2

import bptt_check as bc
from bptt_check.cases.contract import Answer
from bptt_check.cases.result import Result
from bptt_check.errors import ReportError, SpecError, SubjectFailed, Unsupported
from bptt_check.report import parquet, run_json
from bptt_check.report.bundle import merge, pack, unpack
from bptt_check.report.html.comparison_page import comparison_to_json, render_comparison
from bptt_check.report.html.page import render_run
from bptt_check.report.several_runs.comparison import compare
from bptt_check.subjects import program, program_files
from bptt_check.subjects.isolation import protocol

RUNS = [
    version_2(made.failing().run),
    *(json.loads(run_json.to_json(r.run)) for r in (made.failing(), made.report(), made.large(2))),
]
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal obeys, turns text around, or is not seen."""
HEADER = json.loads(str(np.load(io.BytesIO(saved()["header.npy"]))))
HELLO = {
    "protocol": 1, "name": "mine", "supports": {"cell": ["rnn"], "layers": [1, 2]},
    "dtypes": ["float64"], "lengths": False, "truncation": True,
}  # fmt: skip
ANSWER = protocol.packed(
    protocol.Answered(Answer(Result(1.0, {"W": np.ones((2, 3))}), text="said"))
)
WORDS = (
    *("lstm", "gru+2layers", "rnn-tanh+mse+nohead", "T=2", "B=1", "D=1", "H=2", "O=2", "seed=1"),
    *("k1=1", "k2=2", "lengths", "lengths=one", "dtype=float32", "layout=strided", "T=", "=", "+"),
    *("T=99999999999999999999", f"seed={'9' * 5000}", "lstm+999999999layers", *HOSTILE_TEXTS),
)
TENSORS = {
    "__metadata__": {"by": "me"},
    "loss": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
    "W": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]},
}


def encoded(data: Any) -> bytes:
    """JSON types as JSON, lone surrogates included."""
    return json.dumps(data).encode("utf-8", "surrogatepass")


def loaded(content: bytes) -> None:
    """A case of these bytes is loaded and looked at, or refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "it.npz")
        path.write_bytes(content)
        try:
            case = bc.Case.load(path)
        except SpecError as error:
            told(error)
            return
    assert all(np.isfinite(array).all() for array in case.inputs.values())


def looked_at(content: bytes) -> None:
    """A run of these bytes is shown in every way, or refused."""
    try:
        run = run_json.from_json(content, "run.json")
    except ReportError as error:
        told(error)
        return
    comparison = compare(run, run)
    pages = [render_run(run), render_comparison(comparison, "base", "run")]
    assert not any(COMMANDS.search(p) for p in (*pages, comparison_to_json(comparison).decode()))


def unpacked(data: Any) -> None:
    """The checks of a test are unpacked and can be written, or refused."""
    try:
        parts = unpack(data)
    except ReportError as error:
        told(error)
        return
    merged = merge({"t": parts})
    pack(merged)
    columns = {parquet.array_of(name, column).shape for name, column in merged.table.items()}
    assert len(columns) == 1


def read_as_result(content: bytes) -> None:
    """The result in a file of these bytes, or what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out")
        path.write_bytes(content)
        try:
            program_files.read_result(path)
        except (SubjectFailed, Unsupported) as error:
            str(error).encode()


@fuzzing(40)
@given(mutated_bytes(zipped(saved())))
def test_changed_bytes_of_a_case(content: bytes) -> None:
    """Anywhere in the file: lengths, sums, names, numbers."""
    loaded(content)


@fuzzing(40)
@given(mutated_json(HEADER))
def test_a_changed_header_of_a_case(header: Any) -> None:
    """Any field with any value."""
    stream = io.BytesIO()
    np.save(stream, np.array(json.dumps(header)))
    loaded(zipped({**saved(), "header.npy": stream.getvalue()}))


@fuzzing(30)
@given(st.sampled_from(RUNS).flatmap(mutated_json))
def test_a_changed_run(data: Any) -> None:
    """With any value of it replaced: the page, the comparison and its JSON."""
    looked_at(encoded(data))


@fuzzing(30)
@given(mutated_bytes(encoded(RUNS[0])) | st.binary(max_size=40))
def test_changed_bytes_of_a_run(content: bytes) -> None:
    """Half a text, and bytes that are no text."""
    looked_at(content)


@fuzzing(30)
@given(mutated_json(pack(made.failing().bundle())))
def test_changed_checks_of_a_test(data: Any) -> None:
    """The run, the table, the files."""
    unpacked(data)


@fuzzing(60)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=6).map(" ".join))
def test_any_line_of_a_spec(line: str) -> None:
    """It is a spec whose own line is one again, or refused; nothing is built."""
    try:
        spec = bc.Spec.parse(line)
    except SpecError as error:
        told(error)
        return
    assert bc.Spec.parse(str(spec)) == spec


@fuzzing(40)
@given(mutated_json(TENSORS), st.binary(max_size=20))
def test_a_changed_header_of_a_result(header: Any, data: bytes) -> None:
    """Types, shapes and places of tensors."""
    head = encoded(header)
    read_as_result(len(head).to_bytes(8, "little") + head + data)


@fuzzing(40)
@given(mutated_bytes(len(encoded(TENSORS)).to_bytes(8, "little") + encoded(TENSORS) + bytes(16)))
def test_changed_bytes_of_a_result(content: bytes) -> None:
    """The length of the header, the header, the numbers."""
    read_as_result(content)


@fuzzing(60)
@given(mutated_json(HELLO).map(encoded) | mutated_bytes(encoded(HELLO)))
def test_any_hello_line(line: bytes) -> None:
    """It is taken, or told as what it is."""
    try:
        program.read_hello(line)
    except SubjectFailed as error:
        told(error)


@fuzzing(60)
@given(mutated_bytes(ANSWER) | st.binary(max_size=40))
def test_any_bytes_of_a_worker(content: bytes) -> None:
    """A forged frame is a reply, the end, or garbled."""
    try:
        body = protocol.receive(io.BytesIO(content))
        if body is not None:
            protocol.read_reply(body)
    except protocol.GarbledMessage as error:
        str(error).encode()


@pytest.mark.parametrize(
    ("check", "content"),
    [
        (loaded, zipped(saved())),
        (looked_at, encoded(RUNS[0])),
        (unpacked, pack(made.failing().bundle())),
        (program.read_hello, encoded(HELLO)),
    ],
)
def test_what_is_not_changed_is_read(check: Any, content: Any, monkeypatch: Any) -> None:
    """Else everything above could be refused for one reason."""
    monkeypatch.setattr(f"{__name__}.told", lambda error: pytest.fail(str(error)))

    check(content)
    assert str(bc.Spec.parse(LINE)) == LINE
    assert msgspec.msgpack.decode(ANSWER[12:])["type"] == "Answered"
