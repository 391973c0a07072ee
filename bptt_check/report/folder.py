"""The folder of a run: written, guarded and read back.

It holds the page, the record, the table and the counterexamples; this is the only file that knows
all of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from ..errors import ReportError
from ..runs.records import COUNTEREXAMPLES, Run
from .bundle import Bundle
from .files import DATA, PAGE, ROWS, advised, made, write_file
from .run_json import from_json, to_json

LARGEST = 2**27
"""Bytes of a `run.json` that are read."""
STUDY = "power/index.html"
"""Where the page of a power study lies, relative to the folder of a run."""


def load_run(folder: str | Path) -> Run:
    """The run in a folder, or of its `run.json`.

    Raises:
        ReportError: there is no run, or not one that this version can read; says what to do.
    """
    path = Path(folder)
    path = path / DATA if path.is_dir() else path
    try:
        content = _content(path)
    except FileNotFoundError as error:
        raise ReportError(
            f"{folder} holds no {DATA}. Name a folder that `bptt-check run --report` wrote."
        ) from error
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a name that no file can have, or no file
        raise ReportError(f"{path} cannot be read: {error}") from error
    return from_json(content, str(path))


def _content(path: Path) -> bytes:
    """The bytes of a file, if it is one and not too large."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no regular file")  # one that is none may never end
    with open(path, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes, which no run has")
    return content


def prepare(folder: str | Path) -> Path:
    """Make sure, before any work is done, that a run can be written into a folder.

    Raises:
        ReportError: it cannot be made or written, or holds files of these names that are not ours.
    """
    path = made(folder)
    foreign = [name for name in (PAGE, ROWS, DATA) if (path / name).exists()]
    if foreign and not _is_ours(path):
        raise ReportError(
            f"{folder} already has a file {foreign[0]} that is not of a bptt_check run; "
            f"choose another folder."
        )
    return path


def _is_ours(folder: Path) -> bool:
    """Whether the files of a folder may be replaced."""
    with contextlib.suppress(OSError):
        page = folder / PAGE
        if (folder / DATA).exists():
            return b'"schema_version"' in (folder / DATA).read_bytes()
        return (
            page.exists() and b'<meta name="generator" content="bptt_check">' in page.read_bytes()
        )
    return False


def write_folder(folder: str | Path, bundle: Bundle) -> Path:
    """Write everything of a run; returns the path of its page.

    The page comes first, by which `prepare` knows our folders, and `run.json` last, so that a
    folder that has it is whole.
    """
    from . import parquet

    path = Path(folder)
    with advised(path):
        (path / DATA).unlink(missing_ok=True)
    page = write_page(path, bundle.run)
    with advised(path):
        _write_counterexamples(path, bundle.files)
        parquet.write_table(path / ROWS, bundle.table)
    write_file(path / DATA, to_json(bundle.run))
    return page


def write_page(folder: str | Path, run: Run) -> Path:
    """Write `index.html`, with a link to the power study in the folder; returns its path."""
    from .html.page import render_run

    path = Path(folder) / PAGE
    study = STUDY if (Path(folder) / STUDY).exists() else ""
    write_file(path, render_run(run, study).encode())
    return path


def _write_counterexamples(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the counterexamples of this run and remove those of the run before."""
    for old in (folder / COUNTEREXAMPLES).glob("[0-9][0-9][0-9]*.npz"):
        old.unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
