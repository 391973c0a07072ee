"""Names of the files of a run, and how files are written: all of them whole, or none, or with
advice.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path

from ..errors import ReportError

PAGE, DATA, ROWS = "index.html", "run.json", "results.parquet"
COMPARISON = "compare.html"
HALF = ".part"
"""How the name of a file ends that is not written to its end."""

Content = bytes | Callable[[Path], None]
"""What is in a file, or what writes it."""


def made(folder: str | Path) -> Path:
    """A folder that is there and can be written.

    Raises:
        ReportError: it cannot be made or written.
    """
    path = Path(folder)
    with advised(path):
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    return path


def write_file(path: Path, content: Content) -> None:
    """Write a file as a whole or not at all.

    Raises:
        ReportError: it cannot be written.
    """
    write_files(path.parent, {path.name: content})


def write_files(folder: Path, contents: Mapping[str, Content]) -> None:
    """Write files into a folder, all of them or none; they get their names in this order, once the
    last one is on the disk.

    Raises:
        ReportError: one cannot be written, and none is.
    """
    paths = [folder / name for name in contents]
    with advised(paths[0] if len(paths) == 1 else folder):
        try:
            for path, content in zip(paths, contents.values(), strict=True):
                _write_half(path, content)
        except BaseException:
            _remove(map(_half, paths))
            raise
        try:
            for path in paths:
                os.replace(_half(path), path)
        except BaseException:
            _remove([*paths, *map(_half, paths)])
            raise
        for parent in dict.fromkeys(path.parent for path in paths):
            _sync_names(parent)


def _half(path: Path) -> Path:
    return path.with_name(path.name + HALF)


def _write_half(path: Path, content: Content) -> None:
    """Write what a file will be, down to the disk."""
    half = _half(path)
    if isinstance(content, bytes):
        half.write_bytes(content)
    else:
        content(half)
    with open(half, "rb+") as written:
        os.fsync(written.fileno())


def _sync_names(folder: Path) -> None:
    """Have the names in a folder on the disk as well, where a system can do that."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


@contextlib.contextmanager
def advised(path: Path) -> Generator[None, None, None]:
    """In the body, what the file system says becomes a ReportError that says what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise ReportError(f"{path} cannot be written: {why}. Choose another folder.") from error
