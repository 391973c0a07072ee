"""Specs that failed are kept for later runs, in a database of hypothesis."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase

from bptt_check.cases.case import Spec
from bptt_check.runs.earlier.failed_before import remember, remembered

RARE = Spec.parse("lstm T=13 B=2 D=1 H=1 O=2 seed=7")
OTHER = Spec.parse("lstm T=130 B=2 D=1 H=1 O=2 k1=5 k2=2 lengths=one inputs=alike seed=8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder outside of CI."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI")
    return tmp_path


def test_a_failing_spec_is_remembered_until_it_passes(folder: Path) -> None:
    """Under its name, and under no other."""
    remember("mine lstm", RARE, failing=True)
    remember("mine lstm", OTHER, failing=True)

    assert (folder / ".hypothesis" / "bptt_check").is_dir()
    assert set(remembered("mine lstm", Spec.parse)) == {RARE, OTHER}
    assert remembered("another lstm", Spec.parse) == []

    remember("mine lstm", RARE, failing=False)

    assert remembered("mine lstm", Spec.parse) == [OTHER]


def test_a_spec_is_remembered_once(folder: Path) -> None:
    """However often it fails."""
    for _ in range(3):
        remember("mine lstm", RARE, failing=True)

    assert remembered("mine lstm", Spec.parse) == [RARE]


def test_a_line_of_another_version_is_left_alone(folder: Path) -> None:
    """It may be of a newer one, which will ask it again."""
    database = DirectoryBasedExampleDatabase(".hypothesis/bptt_check")
    lines = [
        *(b"lstm T=3 tomorrow=1", b"\xff\xfe", b"", bytes(100), b"\x1b[2J", b"[" * 100_000),
        *(b"lstm T=" + b"9" * 5_000, "lstm T=\u0663\u00b2".encode(), str(RARE).encode()),
    ]
    for line in lines:
        database.save(b"mine lstm", line)

    assert remembered("mine lstm", Spec.parse) == [RARE]
    assert len(list(database.fetch(b"mine lstm"))) == len(lines)


def test_in_ci_nothing_is_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run there depends on nothing but its seed."""
    remember("mine lstm", RARE, failing=True)
    monkeypatch.setenv("CI", "true")
    remember("mine lstm", OTHER, failing=True)

    assert remembered("mine lstm", Spec.parse) == []
    monkeypatch.delenv("CI")
    assert remembered("mine lstm", Spec.parse) == [RARE]


def test_in_ci_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a folder."""
    monkeypatch.chdir(tmp_path)
    remember("mine lstm", RARE, failing=True)

    assert list(tmp_path.iterdir()) == []


def test_without_a_name_nothing_is_remembered(folder: Path) -> None:
    """Whose failure it was could not be said."""
    remember("", RARE, failing=True)

    assert remembered("", Spec.parse) == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", [".hypothesis", ".hypothesis/bptt_check"])
def test_where_nothing_can_be_kept_nothing_is_remembered(folder: Path, place: str) -> None:
    """A file in the place of a folder is no reason to end a run, and stays what it is."""
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text("mine")
    remember("mine lstm", RARE, failing=True)
    remember("mine lstm", OTHER, failing=False)

    assert remembered("mine lstm", Spec.parse) == []
    assert (folder / place).read_text() == "mine"
