"""The folder of a run: written, guarded and read back.

`run.json` is strict JSON, in which there is no NaN and no infinity: they stand as the strings
"nan", "inf" and "-inf" in the fields that hold numbers, and nowhere else.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ReportError
from ..runs.records import SCHEMA_VERSION, Profile, Spread, Summary
from .document import Run

if TYPE_CHECKING:
    from .bundle import Bundle

PAGE, DATA, ROWS = "index.html", "run.json", "results.parquet"
COUNTEREXAMPLES = "counterexamples"
FLOATS = frozenset(f.name for f in fields(Summary) if f.type == "float") | {
    "got", "want", "budget", "bound",
}  # fmt: skip
"""Columns of rows and of the table that hold numbers."""
MEASURED: dict[str, Any] = {"spreads": tuple[Spread, ...], "profiles": tuple[Profile, ...]}
"""Parts of a run whose numbers are nested and may be non-finite."""


def to_json(run: Run) -> bytes:
    """The content of `run.json`."""
    import msgspec

    return msgspec.json.format(encoded(builtins(run)), indent=1) + b"\n"


def encoded(data: Any) -> bytes:
    """JSON types as JSON, without spaces."""
    import msgspec

    return msgspec.json.encode(data)


def builtins(run: Run) -> dict[str, Any]:
    """The run as JSON types, numbers that JSON lacks as strings."""
    import msgspec

    data = msgspec.to_builtins(run)
    data["rows"] = [{name: strict(v) for name, v in row.items()} for row in data["rows"]]
    for name in MEASURED:
        data[name] = _strict_within(data[name])
    return data


def from_json(content: bytes, source: str) -> Run:
    """The run of the content of a `run.json`; `source` names it in errors.

    Raises:
        ReportError: it is none, or of a version that cannot be read.
    """
    import msgspec

    try:
        data = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportError(
            f"{source} is not JSON ({error}): the run was not written whole."
        ) from error
    _check_version(data, source)
    try:
        data["rows"] = [{n: _number(n, v) for n, v in row.items()} for row in data["rows"]]
        # not strictly: there the strings that stand for non-finite numbers are read as such
        measured = {
            name: msgspec.convert(data.pop(name, ()), kind, strict=False)
            for name, kind in MEASURED.items()
        }
        return _plausible(replace(msgspec.convert(data, Run), **measured))
    except (msgspec.ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReportError(f"{source} is not the record of a bptt_check run: {error}") from error


def _check_version(data: Any, source: str) -> None:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int):
        raise ReportError(
            f"{source} is not the record of a bptt_check run: it has no schema_version. "
            f"Name a folder that `bptt-check run --report` wrote."
        )
    if version > SCHEMA_VERSION:
        raise ReportError(
            f"{source} has schema_version {version}; this bptt_check reads up to {SCHEMA_VERSION}. "
            f"Upgrade: pip install --upgrade bptt-check"
        )
    if version < 1:
        raise ReportError(f"{source} has schema_version {version}, which never existed.")


def _plausible(run: Run) -> Run:
    """The run, unless it says things that no run of ours says: it may come from anywhere."""
    for curve in run.taylor:
        if not len(curve.steps) == len(curve.remainders) == len(curve.rounding) >= curve.last:
            raise ValueError("a curve has as many remainders as steps")
    for name in {f.counterexample for f in run.failures} - {None}:
        if not re.fullmatch(rf"{COUNTEREXAMPLES}/[\w+-]+\.npz", str(name), re.ASCII):
            raise ValueError(f"{name!r} is no counterexample of a run")
    return run


def strict(value: Any) -> Any:
    """The value, or the string that stands for it if JSON has none; a verdict is its string."""
    if isinstance(value, str):
        return str(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _strict_within(value: Any) -> Any:
    """A nested value of JSON types with every number that JSON lacks as its string."""
    if isinstance(value, dict):
        return {name: _strict_within(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_strict_within(v) for v in value]
    return strict(value)


def numbers(name: str, column: Sequence[Any]) -> list[Any]:
    """A column of the table with its numbers read back."""
    return [_number(name, v) for v in column]


def _number(name: str, value: Any) -> Any:
    return float(value) if name in FLOATS and isinstance(value, str) else value


def load(folder: str | Path) -> Run:
    """The run in a folder, or of its `run.json`."""
    path = Path(folder)
    path = path / DATA if path.is_dir() else path
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ReportError(
            f"{folder} holds no {DATA}. Name a folder that `bptt-check run --report` wrote."
        ) from error
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror or error}") from error
    return from_json(content, str(path))


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


def made(folder: str | Path) -> Path:
    """A folder that is there and can be written."""
    path = Path(folder)
    with _explained(path):
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
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


def write_folder(folder: str | Path, parts: Bundle) -> Path:
    """Write everything of a run.

    The page comes first, by which `prepare` knows our folders, and `run.json` last, so that a
    folder that has it is whole.
    """
    from . import parquet

    path = Path(folder)
    with _explained(path):
        (path / DATA).unlink(missing_ok=True)
    page = write_page(path, parts.run)
    with _explained(path):
        _write_files(path, parts.files)
        parquet.write(path / ROWS, parts.table)
    write_file(path / DATA, to_json(parts.run))
    return page


def write_page(folder: str | Path, run: Run) -> Path:
    """Write `index.html`, with the power study that lies in the folder; returns its path."""
    from .html.page import render
    from .html.sensitivity import kills_beside

    path = Path(folder) / PAGE
    write_file(path, render(run, kills_beside(Path(folder))).encode())
    return path


def write_file(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all."""
    with _explained(path):
        half = path.with_name(path.name + ".part")
        half.write_bytes(content)
        os.replace(half, path)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the counterexamples of this run and remove those of the run before."""
    for old in (folder / COUNTEREXAMPLES).glob("[0-9][0-9][0-9]*.npz"):
        old.unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


@contextlib.contextmanager
def _explained(path: Path) -> Generator[None, None, None]:
    """Turn what the file system says into a ReportError that says what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise ReportError(f"{path} cannot be written: {why}. Choose another folder.") from error
