"""Names of the files of a run, and how a file is written: whole or not at all, or with advice."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

from ..errors import ReportError

PAGE, DATA, ROWS = "index.html", "run.json", "results.parquet"


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


def write_file(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all.

    Raises:
        ReportError: it cannot be written.
    """
    with advised(path):
        half = path.with_name(path.name + ".part")
        half.write_bytes(content)
        os.replace(half, path)


@contextlib.contextmanager
def advised(path: Path) -> Generator[None, None, None]:
    """In the body, what the file system says becomes a ReportError that says what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise ReportError(f"{path} cannot be written: {why}. Choose another folder.") from error
