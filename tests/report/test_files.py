"""Files that belong together: all of them whole, or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bptt_check.errors import ReportError
from bptt_check.report.files import Content, write_file, write_files

FILES: dict[str, Content] = {
    "one": b"1",
    "below/two": b"22",
    "three": lambda path: path.write_text("333") and None,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with somebody else's file, and one for the files below."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "below").mkdir()
    return tmp_path


def there(folder: Path) -> dict[str, str]:
    """What is in a folder, by the names of the files."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def fails_in_call(monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: object) -> None:
    """Let a function of `os` raise in one of its calls."""
    calls = [0]
    real = getattr(os, name)

    def function(*arguments: object) -> object:
        calls[0] += 1
        if calls[0] == number:
            raise error  # type: ignore[misc] - an exception
        return real(*arguments)

    monkeypatch.setattr(os, name, function)


def test_all_are_written(folder: Path) -> None:
    """Bytes, and what a function writes."""
    write_files(folder, FILES)

    assert there(folder) == {"mine": "mine", "one": "1", "below/two": "22", "three": "333"}


def test_each_is_on_the_disk_before_the_first_has_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order in which they were given."""
    done: list[str] = []
    for name in ("fsync", "replace"):

        def function(
            *arguments: object, name: str = name, real: object = getattr(os, name)
        ) -> None:
            done.append(name)
            real(*arguments)  # type: ignore[operator] - a function

        monkeypatch.setattr(os, name, function)
    write_files(folder, FILES)

    assert done[:6] == ["fsync"] * 3 + ["replace"] * 3
    assert set(done[6:]) <= {"fsync"}  # of the folders


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt(), MemoryError()], ids=repr)
@pytest.mark.parametrize(
    ("name", "number"), [("fsync", 1), ("fsync", 3), ("replace", 1), ("replace", 3)]
)
def test_none_is_left_where_one_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: BaseException
) -> None:
    """At the first or the last, in writing or in naming; the files of others stay."""
    fails_in_call(monkeypatch, name, number, error)

    with pytest.raises(ReportError if error is FULL else type(error)):
        write_files(folder, FILES)
    assert there(folder) == {"mine": "mine"}


def test_a_disk_that_is_full_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the file, or the folder of several, and what to do."""
    fails_in_call(monkeypatch, "fsync", 1, FULL)
    with pytest.raises(ReportError, match=r"/new cannot be written: No space .* another folder"):
        write_file(folder / "new", b"1")
    with pytest.raises(ReportError, match=r"cannot be written: No such file"):
        write_files(folder / "none", FILES)


def test_a_file_is_replaced_or_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no moment without it."""
    write_file(folder / "mine", b"new")
    with monkeypatch.context() as patch:
        fails_in_call(patch, "fsync", 1, FULL)
        with pytest.raises(ReportError):
            write_file(folder / "mine", b"newer")

    assert there(folder) == {"mine": "new"}
