"""What is kept between processes: where, and that what is broken, stale or foreign is not found."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from bptt_check.cases.written import kept

SOURCES = (Path(kept.__file__).parent,)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of this test alone."""
    monkeypatch.setenv("BPTT_CHECK_CACHE", str(tmp_path))
    return tmp_path / "kind"


def file_of(key: object) -> Path:
    """The file of a key."""
    path = kept.kept_file("kind", key, SOURCES)
    assert path is not None
    return path


def test_what_is_kept_is_found_by_its_key(folder):
    """In the folder of its kind; another key has another file."""
    kept.keep(file_of("one"), b"content", most=9)

    assert kept.read_kept(file_of("one")) == b"content"
    assert kept.read_kept(file_of("two")) is None
    assert list(folder.iterdir()) == [file_of("one")]


def test_other_sources_have_another_file(tmp_path, monkeypatch):
    """What they made is stale."""
    source = tmp_path / "sources" / "module.py"
    source.parent.mkdir()
    source.write_text("x = 1")
    before = kept.kept_file("kind", "one", (source.parent,))
    kept.hash_of_sources.cache_clear()
    source.write_text("x = 2")

    assert kept.kept_file("kind", "one", (source.parent,)) != before
    assert kept.kept_file("kind", "one", (tmp_path / "nowhere",)) is None


@pytest.mark.parametrize("cut", [0, 5, -1])
def test_a_file_that_is_not_whole_is_not_found(cut):
    """However little of it is missing."""
    path = file_of("one")
    kept.keep(path, b"content", most=9)
    path.write_bytes(path.read_bytes()[:cut])

    assert kept.read_kept(path) is None


@pytest.mark.skipif(os.name != "posix", reason="files have no owner here")
def test_a_file_of_someone_else_is_not_found(monkeypatch):
    """Whoever may write there."""
    path = file_of("one")
    kept.keep(path, b"content", most=9)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)

    assert kept.read_kept(path) is None


def test_what_was_not_used_for_longest_goes_first():
    """Of two, the one that was read meanwhile stays."""
    first, second, third = map(file_of, ("first", "second", "third"))
    for time, path in enumerate((first, second), 1):
        kept.keep(path, b"content", most=2)
        os.utime(path, (time, time))
    kept.read_kept(first)

    kept.keep(third, b"content", most=2)

    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)


def test_a_folder_that_cannot_be_written_does_no_harm(folder):
    """Then nothing is kept."""
    folder.write_text("a file where the folder should be")

    kept.keep(file_of("one"), b"content", most=9)

    assert kept.read_kept(file_of("one")) is None


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    """No half of a file, and what was kept before stays."""
    kept.keep(file_of("one"), b"content", most=9)

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    kept.keep(file_of("two"), b"content", most=9)

    assert list(folder.iterdir()) == [file_of("one")]
    assert kept.read_kept(file_of("one")) == b"content"


def cache_folder(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> Path | None:
    """The folder where these variables are set, or not set where None."""
    for name, value in {"BPTT_CHECK_CACHE": None, "CI": None, **variables}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return kept.cache_folder("jax")


def test_the_folder_is_chosen_or_switched_off(monkeypatch):
    """An empty name is no folder; in CI there is one only where it is named."""
    assert cache_folder(monkeypatch, BPTT_CHECK_CACHE="there") == Path("there", "jax")
    assert cache_folder(monkeypatch, BPTT_CHECK_CACHE="there", CI="true") == Path("there", "jax")
    assert cache_folder(monkeypatch, BPTT_CHECK_CACHE="") is None
    assert cache_folder(monkeypatch, CI="true") is None
    assert cache_folder(monkeypatch) is not None


@pytest.mark.parametrize(
    ("system", "variables", "below"),
    [
        ("linux", {"XDG_CACHE_HOME": "/caches"}, Path("/caches")),
        ("linux", {"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache"),
        ("linux", {"XDG_CACHE_HOME": None}, Path.home() / ".cache"),
        ("darwin", {}, Path.home() / "Library" / "Caches"),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local")),
        ("win32", {"LOCALAPPDATA": None}, Path.home() / "AppData" / "Local"),
    ],
)
def test_the_folder_is_where_the_system_has_caches(monkeypatch, system, variables, below):
    """Of the user, outside of any project."""
    monkeypatch.setattr(sys, "platform", system)

    assert cache_folder(monkeypatch, **variables) == below / "bptt-check" / "jax"
