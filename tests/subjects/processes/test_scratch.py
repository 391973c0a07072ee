"""A scratch folder is there again whatever was done to it, and nothing of it stays."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bptt_check.subjects.processes.scratch import LONGEST_TRACE, Scratch


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def put_a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("no folder")


def put_a_link(path: Path) -> None:
    shutil.rmtree(path)
    kept = path.parent / "kept"
    kept.mkdir()
    (kept / "file").write_text("precious")
    path.symlink_to(kept)


def lock(path: Path) -> None:
    (path / "a" / "b").mkdir(parents=True)
    for folder in (path / "a" / "b", path / "a", path):
        folder.chmod(0)


@pytest.mark.parametrize("harm", [shutil.rmtree, put_a_file, put_a_link, lock, lambda path: None])
def test_folder_is_restored_and_removed(home: Path, harm: Callable[[Path], None]):
    """Whatever stands in its place; what a link led to is not touched."""
    scratch = Scratch()
    harm(scratch.path)
    scratch.restore()
    assert scratch.path.is_dir()
    assert not scratch.path.is_symlink()
    with tempfile.TemporaryFile(dir=scratch.path):
        pass
    scratch.remove()

    assert [p.name for p in home.iterdir()] in ([], ["kept"])
    assert all((home / "kept" / "file").exists() for _ in home.iterdir())


@pytest.mark.parametrize("harm", [shutil.rmtree, put_a_file, put_a_link, lock])
def test_folder_is_removed_as_it_was_left(home: Path, harm: Callable[[Path], None]):
    """Without being restored first."""
    scratch = Scratch()
    harm(scratch.path)
    scratch.remove()

    assert [p.name for p in home.iterdir()] in ([], ["kept"])


def test_trace_is_read_whatever_its_name_leads_to(home: Path):
    """What was written through the file itself, no more than there is room for."""
    scratch = Scratch()
    scratch.trace.write_bytes(b"line 3\xff" * LONGEST_TRACE)
    scratch.trace.unlink()
    os.mkfifo(scratch.trace)
    read = scratch.read_trace()
    scratch.remove()

    assert read.startswith("line 3�line 3")
    assert len(read) <= LONGEST_TRACE
    assert scratch.read_trace() == ""


def test_fork_removes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch):
    """It ends as a copy of what it was forked from."""
    scratch = Scratch()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        scratch.remove()
    assert scratch.path.is_dir()
    scratch.remove()
    assert not scratch.path.exists()


def test_no_room_is_the_error_of_the_system(home: Path, monkeypatch: pytest.MonkeyPatch):
    """Who asks for one tells it."""
    monkeypatch.setattr(tempfile, "tempdir", str(home / "nowhere"))
    with pytest.raises(FileNotFoundError):
        Scratch()
