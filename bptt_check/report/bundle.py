"""A run with its files in memory: what is written to a folder and travels between processes."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..cases.any_case import AnyCase
from ..errors import ReportError, clean, one_line, quoted
from ..runs.records import TABLE, Failure, Run, counterexample_name
from . import run_json
from .foreign.plausible import check_table
from .several_runs.merging import merge_runs
from .strict_json import strict

SOURCE = "the report of a test"
"""What a bundle from another process is called in errors."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A run, its table (`records.TABLE`) and its counterexamples as the bytes of `.npz` files.

    The names of the files are those in `run.failures`. Cases are bytes, so that a process that
    does not know a model (its cell was registered elsewhere) can still write the report.
    """

    run: Run
    table: Mapping[str, Sequence[Any]]
    files: Mapping[str, bytes]


def npz_of(case: AnyCase) -> bytes:
    """What `case.save` writes."""
    written = io.BytesIO()
    case.save(written)
    return written.getvalue()


def pack(parts: Bundle) -> dict[str, Any]:
    """The bundle as JSON types, to go through a pipe or a test report; `unpack` reads it."""
    return {
        "run": run_json.to_json(parts.run).decode(),
        "table": {name: [strict(v) for v in column] for name, column in parts.table.items()},
        "files": {name: base64.b64encode(data).decode() for name, data in parts.files.items()},
    }


def unpack(data: Mapping[str, Any]) -> Bundle:
    """The bundle that was packed.

    Raises:
        ReportError: it is none. Subjects run in the process that sent it.
    """
    try:
        return _unpacked(data)
    except ReportError:
        raise
    except Exception as error:  # whatever it holds, it is no bundle of ours
        why = f"{type(error).__name__}: {one_line(str(error))}"
        raise ReportError(f"{SOURCE} cannot be read ({why}).") from error


def _unpacked(data: Mapping[str, Any]) -> Bundle:
    run = run_json.from_json(data["run"].encode(), SOURCE)
    table = {name: run_json.numbers(name, column) for name, column in data["table"].items()}
    check_table(table)
    files = {name: base64.b64decode(text) for name, text in data["files"].items()}
    unknown = set(files) - {failure.counterexample for failure in run.failures}
    if unknown:
        raise ValueError(f"{quoted(min(unknown))} is no counterexample of it")
    return Bundle(run, table, files)


def merge(parts: Mapping[str, Bundle], command: str = "", interrupted: bool = False) -> Bundle:
    """One bundle of several, each labelled by its key: see `merging.merge_runs`."""
    renamed: dict[str, Bundle] = {}
    for label, part in parts.items():
        before = sum(len(other.run.failures) for other in renamed.values())
        renamed[label] = _renumbered(part, before)
    run = merge_runs({label: part.run for label, part in renamed.items()}, command, interrupted)
    files = {name: data for part in renamed.values() for name, data in part.files.items()}
    return Bundle(run, _stacked(renamed), files)


def _renumbered(part: Bundle, before: int) -> Bundle:
    """The part with the numbers of its files beginning after those of the parts before it."""
    files: dict[str, bytes] = {}
    failures: list[Failure] = []
    for number, failure in enumerate(part.run.failures, before):
        name = counterexample_name(number, failure.model, failure.verdict)
        if (old := failure.counterexample) in part.files:
            files[name] = part.files[str(old)]
        failures.append(replace(failure, counterexample=name if name in files else None))
    return Bundle(replace(part.run, failures=tuple(failures)), part.table, files)


def _stacked(parts: Mapping[str, Bundle]) -> dict[str, list[Any]]:
    """The tables below each other, with the label of each in its lines."""
    tables = [
        {"check": [clean(label)] * _length(part.table), **part.table}
        for label, part in parts.items()
    ]
    names = dict.fromkeys(["check", *TABLE, *(name for table in tables for name in table)])
    return {name: [v for table in tables for v in table.get(name, ())] for name in names}


def _length(table: Mapping[str, Sequence[Any]]) -> int:
    return max((len(column) for column in table.values()), default=0)
