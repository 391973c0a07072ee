"""The folder of a study: `power.json` and `index.html`."""

from __future__ import annotations

from pathlib import Path

from ..cases.written.regular_file import read_regular
from ..errors import ReportError, one_line, why_no_json
from ..report.files import write_files
from ..runs.cleaning import cleaned
from .records import SCHEMA_VERSION, Power

DATA, PAGE = "power.json", "index.html"
LARGEST = 2**27
"""Bytes of a `power.json` that are read."""


def write_study(folder: str | Path, power: Power) -> Path:
    """Write the records and the page; returns the path of the page.

    Raises:
        ReportError: the folder cannot be made or written.
    """
    from .page import render_study

    make_folder(folder)
    path = Path(folder)
    write_files(path, {PAGE: render_study(power).encode(), DATA: study_to_json(power)})
    return path / PAGE


def make_folder(folder: str | Path) -> None:
    """Make the folder before hours are spent on what it shall hold."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{folder} cannot be made: {error.strerror or error}.") from error


def study_to_json(power: Power) -> bytes:
    """The content of `power.json`."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(power), indent=1) + b"\n"


def load_study(folder: str | Path) -> Power:
    """The study of a folder.

    Raises:
        ReportError: there is none, or not one that this version can read.
    """
    import msgspec

    path, content = Path(folder) / DATA, b""
    try:
        content = read_regular(path, LARGEST)
        study = cleaned(msgspec.json.decode(content, type=Power))
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # of JSON, of UTF-8, of nesting: the file may hold anything
        why = one_line(why_no_json(content, error))
        raise ReportError(f"{path} holds no power study: {why}.") from error
    if study.schema_version != SCHEMA_VERSION:
        raise ReportError(
            f"{path} has schema version {study.schema_version}, this version reads "
            f"{SCHEMA_VERSION}: run `bptt-check power` again."
        )
    return study
