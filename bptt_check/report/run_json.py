"""The format of `run.json`: strict JSON, in which the many records of a run stand as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ReportError, one_line, quoted, why_no_json
from ..runs.cleaning import cleaned
from ..runs.records import TABLE_TYPES, Run
from .columns.read import Expansion, records_of
from .columns.written import table_of
from .foreign.plausible import check_digits, check_numbers, check_run
from .foreign.version_1 import of_version_1
from .strict_json import encoded, strict

SCHEMA_VERSION = 3
TABLES = ("rows", "error_histograms", "worst_entries", "systematic_floors")
"""Fields that are tables: a large run has thousands of such records."""


def to_json(run: Run) -> bytes:
    """The content of `run.json`: a line for each field, and for each column of a table."""
    lines = [_line(name, value) for name, value in builtins(run).items()]
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


def _line(name: str, value: Any) -> bytes:
    head = encoded(name) + b": "
    if name not in TABLES or not value["length"]:
        return head + encoded(value)
    length, columns = encoded(value["length"]), value["columns"]
    lines = [b" " + encoded(key) + b": " + encoded(column) for key, column in columns.items()]
    return head + b'{"length": ' + length + b', "columns": {\n' + b",\n".join(lines) + b"}}"


def builtins(run: Run) -> dict[str, Any]:
    """The run as JSON types, numbers that JSON lacks as strings."""
    import msgspec

    data = msgspec.to_builtins(run)
    tables = {name: table_of(data[name]) for name in TABLES}
    return {"schema_version": SCHEMA_VERSION, **strict({**data, **dict.fromkeys(TABLES)}), **tables}


def from_json(content: bytes, source: str) -> Run:
    """The run of the content of a `run.json`, of this version or an earlier one.

    Args:
        content: of the file.
        source: what the file is called in errors.

    Raises:
        ReportError: it is none, or of a version that cannot be read.
    """
    import msgspec

    try:
        check_digits(content)
        data = msgspec.json.decode(content)
    except Exception as error:  # of JSON, of UTF-8, of nesting: the file may hold anything
        why = why_no_json(content, error)
        raise ReportError(
            f"{source} is not JSON ({one_line(why)}): the run was not written whole."
        ) from error
    version = _version(data, source)
    try:
        check_numbers(content, data)
        data = of_version_1(data) if version == 1 else data
        data = _with_records(data) if version > 2 else data
        # not strictly: there the strings that stand for non-finite numbers are read as such
        run = cleaned(msgspec.convert(data, Run, strict=False))
        check_run(run)
    except Exception as error:  # whatever it holds, it is no record of ours
        why = one_line(str(error)) or type(error).__name__
        raise ReportError(f"{source} is not the record of a bptt_check run: {why}") from error
    return run


def _version(data: Any, source: str) -> int:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise ReportError(
            f"{source} is not the record of a bptt_check run: it has no schema_version. "
            f"Name a folder that `bptt-check run --report` wrote."
        )
    if version > SCHEMA_VERSION:
        raise ReportError(
            f"{source} has schema_version {quoted(version)}; this bptt_check reads up to "
            f"{SCHEMA_VERSION}. Upgrade: pip install --upgrade bptt-check"
        )
    if version < 1:
        raise ReportError(f"{source} has schema_version {quoted(version)}, which never existed.")
    return version


def _with_records(data: dict[str, Any]) -> dict[str, Any]:
    """The run with records in place of its tables."""
    expansion = Expansion()
    tables = [name for name in TABLES if name in data]
    return {**data, **{name: records_of(data[name], f"$.{name}", expansion) for name in tables}}


def numbers(name: str, column: Sequence[Any]) -> list[Any]:
    """A column of the table with its numbers read back."""
    is_number = TABLE_TYPES.get(name) == "float"
    return [float(v) if is_number and isinstance(v, str) else v for v in column]
