"""The folder of a run: written, guarded and read back.

It holds the page, the record, the table and the counterexamples; this is the only file that knows
all of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from ..cases.written.regular_file import read_regular
from ..errors import ReportError, cut
from ..runs.records import COUNTEREXAMPLES, Run
from .bundle import Bundle
from .files import (
    COMPARISON,
    DATA,
    HALF,
    PAGE,
    ROWS,
    Content,
    advised,
    made,
    write_file,
    write_files,
)
from .foreign.page_records import is_page, record_in_page
from .run_json import from_json, to_json

LONGEST_PATH = 300
"""Characters of a path in a sentence."""
LARGEST = 2**27
"""Bytes of a `run.json` that are read."""
LARGEST_OURS = 2**30
"""Bytes of a file that is looked at before it is replaced."""
STUDY = "power/index.html"
"""Where the page of a power study lies, relative to the folder of a run."""
GENERATOR = b'<meta name="generator" content="bptt_check">'
"""What every page of ours has."""
PREVIOUS = "bptt_check-previous-run"
"""Where the run before lies while one is under way; its name says whose it is."""
NUMBERED = "[0-9][0-9][0-9]*.npz"
"""Names of counterexamples."""


def load_run(folder: str | Path) -> Run:
    """The run in a folder, or of its `run.json` or its page.

    Raises:
        ReportError: there is no run, or not one that this version can read; says what to do.
    """
    path = Path(folder)
    try:
        path = path / DATA if path.is_dir() else path
        content = read_regular(path, LARGEST)
        if is_page(content):
            content = record_in_page(content, _shown(path), LARGEST)
    except FileNotFoundError as error:
        raise ReportError(f"{_shown(folder)} holds no {DATA}. {_instead(path.parent)}") from error
    except (OSError, ValueError) as error:  # a name that no file can have, or no file
        why = getattr(error, "strerror", "") or error
        raise ReportError(f"{_shown(path)} cannot be read: {why}") from error
    return from_json(content, _shown(path))


def _shown(path: str | Path) -> str:
    """A path in a sentence, whose end must be read as well."""
    return cut(str(path), LONGEST_PATH)


def _instead(folder: Path) -> str:
    """What to do about a folder that has no run."""
    previous = folder / PREVIOUS
    if (previous / DATA).exists():
        return f"The last run into it did not come to its end; the one before it is in {previous}."
    return "Name a folder that `bptt-check run --report` wrote."


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
    known = {DATA: b'"schema_version"', PAGE: GENERATOR}
    with contextlib.suppress(OSError, ValueError):  # a pipe, or larger than any of ours
        for name, mark in known.items():
            if (folder / name).exists():
                return mark in read_regular(folder / name, LARGEST_OURS)
    return False


@contextlib.contextmanager
def replacing(folder: str | Path) -> Generator[None]:
    """In the body, a run that is under way, the run before lies aside (see `set_aside`); where the
    body raises, as there is no new one, it is put back.
    """
    set_aside(folder)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            _move(Path(folder) / PREVIOUS, Path(folder))
        raise


def set_aside(folder: str | Path) -> None:
    """Move the run in a folder to `PREVIOUS` inside of it: what it says must not be taken for what
    the run under way will say, whatever ends that one.

    Raises:
        ReportError: it cannot be moved.
    """
    path = Path(folder)
    with advised(path):
        for half in (path / COUNTEREXAMPLES).glob(NUMBERED + HALF):  # of a run that was killed
            half.unlink()
        if any((path / name).exists() for name in (DATA, PAGE)):
            _remove_run(path / PREVIOUS)
            _move(path, path / PREVIOUS)


def write_folder(folder: str | Path, bundle: Bundle) -> Path:
    """Write everything of a run, or nothing; returns the path of its page.

    The page gets its name first, by which `prepare` knows our folders, and `run.json` last, so that
    a folder that has it is whole. The run before goes when this one is there.

    Raises:
        ReportError: it cannot be written. Then the folder has no run, but for the one set aside.
    """
    from . import parquet

    path = Path(folder)
    contents: dict[str, Content] = {
        PAGE: _page(path, bundle.run, compared=False),
        **bundle.files,
        ROWS: lambda rows: parquet.write_table(rows, bundle.table),
        DATA: to_json(bundle.run),
    }
    set_aside(path)
    with advised(path):
        _remove_comparison(path)
        for name in bundle.files:
            (path / name).parent.mkdir(exist_ok=True)
    try:
        write_files(path, contents)
    except BaseException:
        _remove_folders(path)
        raise
    with contextlib.suppress(OSError):  # the run is there, which is what was asked for
        _remove_run(path / PREVIOUS)
    return path / PAGE


def _remove_comparison(folder: Path) -> None:
    """Remove the comparison with the run that was there before, if it is ours."""
    path = folder / COMPARISON
    if path.is_file() and GENERATOR in read_regular(path, LARGEST_OURS):
        path.unlink()


def write_page(folder: str | Path, run: Run) -> Path:
    """Write `index.html`, with links to the power study and the comparison in the folder; returns
    its path.
    """
    path = Path(folder)
    write_file(path / PAGE, _page(path, run))
    return path / PAGE


def _page(folder: Path, run: Run, compared: bool = True) -> bytes:
    """The content of `index.html`; a comparison is none of a run that is written now."""
    from .html.page import render_run

    named = (STUDY, COMPARISON) if compared else (STUDY,)
    there = [name if (folder / name).exists() else "" for name in named]
    return render_run(run, *there).encode()


def _files_of_run(folder: Path) -> list[Path]:
    """The files of the run in a folder; the page, by which it is known to be ours, last."""
    cases = sorted((folder / COUNTEREXAMPLES).glob(NUMBERED))
    return [f for f in (folder / ROWS, *cases, folder / DATA, folder / PAGE) if f.exists()]


def _move(source: Path, target: Path) -> None:
    """Move the files of a run, if any, into a folder that has none."""
    for file in _files_of_run(source):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)
    _remove_folders(source)


def _remove_run(folder: Path) -> None:
    """Remove the files of a run, and nothing else."""
    for file in _files_of_run(folder):
        file.unlink()
    _remove_folders(folder)


def _remove_folders(folder: Path) -> None:
    """Remove the folders that a run has made, where they are empty."""
    made = [folder / COUNTEREXAMPLES, *([folder] if folder.name == PREVIOUS else [])]
    for empty in made:
        with contextlib.suppress(OSError):
            empty.rmdir()
