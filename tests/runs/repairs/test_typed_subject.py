"""Where the source of a subject lies that is to be edited: its own file, or one made for it."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.repairs import RIGHT, SPEC, broken

import bptt_check as bc
from bptt_check.errors import SubjectNotFound
from bptt_check.runs.repairs.typed_subject import SESSION, editable
from bptt_check.subjects import loading

FAULT = ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Runs a text as a notebook runs a cell, in a main module without a file."""
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)

    def run(text: str) -> Any:
        name = f"<cell {len(main.__dict__)}>"
        monkeypatch.setitem(
            linecache.cache, name, (len(text), None, text.splitlines(keepends=True), name)
        )
        exec(compile(text, name, "exec"), main.__dict__)
        return main

    return run


def test_a_subject_of_a_file_stays_there(tmp_path: Path) -> None:
    """By its text, and by itself."""
    address = broken(tmp_path)
    for subject in (address, loading.load(address)):
        with editable(subject) as source:
            assert Path(source.address.rpartition(":")[0]).resolve() == tmp_path / "my_rnn.py"
            assert source.written == ""


def test_what_was_typed_is_repaired(cell: Callable[[str], Any]) -> None:
    """With what it uses of other cells; its temporary file is gone, and nobody hears of it."""
    head, body = RIGHT.split("import numpy as np\n\n\n")
    main = cell(f"{head}import numpy as np\n\n\ndef square(a):\n    return a ** 2\n")
    body = body.replace(*FAULT).replace("h[t + 1] ** 2", "square(h[t + 1])")
    cell(body)
    with editable(main.loss_and_grads) as source:
        assert "def square(a):" in Path(source.written).read_text("utf-8")
    assert not Path(source.written).exists()

    found = bc.repair(
        main.loss_and_grads, models=[SPEC], timeout=60, cases=12, oracles=["complex_step"]
    )
    assert found is not None
    assert found.verified is not None
    assert found.diff.startswith(f"--- {SESSION}\n+++ {SESSION}\n")
    assert '+        grads["W_hh_l0"] += a_bar.T @ h[t]\n' in found.diff
    assert [e.file for e in found.edits] == [SESSION]
    assert found.files == {}


def test_what_cannot_be_written_out_is_refused() -> None:
    """It says what to name instead; a path of ours is in no message."""
    text = "of nothing that can be typed" * 100
    with pytest.raises(SubjectNotFound, match=r"name it as path/to/file\.py:attribute"):  # noqa: SIM117
        with editable(lambda case: (len(text), {})):
            pass
    with pytest.raises(SubjectNotFound, match=f"^running {SESSION} failed"):  # noqa: SIM117
        with editable(lambda case: (0.0, {})) as source:
            raise SubjectNotFound(f"running {source.written} failed")


def test_a_program_has_no_source() -> None:
    """C, or whatever it is written in."""
    with pytest.raises(SubjectNotFound, match="is a program"):  # noqa: SIM117
        with editable("exec:./my_rnn"):
            pass
