"""The format of `run.json`, and of whatever else of a run travels as JSON.

It is strict JSON, in which there is no NaN and no infinity: they stand as the strings "nan", "inf"
and "-inf" in the fields that hold numbers, and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ReportError, one_line, quoted, why_no_json
from ..runs.cleaning import cleaned
from ..runs.records import TABLE_TYPES, Run
from .foreign.plausible import check_digits, check_numbers, check_run
from .foreign.version_1 import of_version_1

SCHEMA_VERSION = 2


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

    return {"schema_version": SCHEMA_VERSION, **_strict_within(msgspec.to_builtins(run))}


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
    is_number = TABLE_TYPES.get(name) == "float"
    return [float(v) if is_number and isinstance(v, str) else v for v in column]
