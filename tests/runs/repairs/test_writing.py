"""A repair is written into the subject's own files alone, and what was there is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptt_check.errors import ReportError
from bptt_check.runs.repairs.records import Repair
from bptt_check.runs.repairs.writing import write_repair


def repair_of(path: Path, text: str) -> Repair:
    """One that changes a file."""
    return Repair("", (), None, 1, files={str(path): text})


def test_what_was_there_is_kept_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a name that nothing has."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.py"
    path.write_text("one\n")

    kept = [write_repair(repair_of(path, text), "a.py:f") for text in ("two\n", "three\n")]

    assert kept == [["a.py.before-fix"], ["a.py.before-fix2"]]
    assert path.read_text() == "three\n"
    assert (tmp_path / "a.py.before-fix").read_text() == "one\n"
    assert (tmp_path / "a.py.before-fix2").read_text() == "two\n"


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """Also where another one could be written."""
    own, other = tmp_path / "own", tmp_path / "other.py"
    own.mkdir()
    (own / "a.py").write_text("one\n")
    other.write_text("one\n")
    both = Repair("", (), None, 1, files={str(own / "a.py"): "two\n", str(other): "two\n"})

    with pytest.raises(ReportError, match="lies outside of the package"):
        write_repair(both, f"{own / 'a.py'}:f")

    assert (own / "a.py").read_text() == other.read_text() == "one\n"
    assert [p.name for p in own.iterdir()] == ["a.py"]
