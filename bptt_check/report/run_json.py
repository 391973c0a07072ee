"""The format of `run.json`, and of whatever else of a run travels as JSON.

It is strict JSON, in which there is no NaN and no infinity: they stand as the strings "nan", "inf"
and "-inf" in the fields that hold numbers, and nowhere else.
"""

from __future__ import annotations

import contextlib
import math
import re
import shlex
from collections.abc import Sequence
from typing import Any

from ..errors import ReportError, why_no_json
from ..runs.cleaning import cleaned
from ..runs.coverage.covered import counts_of
from ..runs.records import COUNTEREXAMPLES, TABLE_TYPES, Run
from ..verdicts.verdict import Reason

SCHEMA_VERSION = 2
RENAMED = {
    "spreads": "error_histograms",
    "profiles": "worst_entries",
    "reaches": "by_length",
    "judged": "opinions",
    "steps": "over_time",
}
"""Names of the first version to those of the second: of a run, of a histogram, of a worst entry."""
REASONS = {
    "not offered by the subject": Reason.NOT_OFFERED,
    "vacuous: the true gradient lies below the budget": Reason.VACUOUS,
}
"""Texts of the first version, which had no kinds, to the kinds that reports ask about."""


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
        data = msgspec.json.decode(content)
    except Exception as error:  # of JSON, of UTF-8, of nesting: the file may hold anything
        why = why_no_json(content, error)
        raise ReportError(
            f"{source} is not JSON ({why}): the run was not written whole."
        ) from error
    version = _version(data, source)
    try:
        data = _of_version_1(data) if version == 1 else data
        # not strictly: there the strings that stand for non-finite numbers are read as such
        return _plausible(cleaned(msgspec.convert(data, Run, strict=False)))
    except Exception as error:  # whatever it holds, it is no record of ours
        why = str(error) or type(error).__name__
        raise ReportError(f"{source} is not the record of a bptt_check run: {why}") from error


def _version(data: Any, source: str) -> int:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
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
    return version


def _of_version_1(data: dict[str, Any]) -> dict[str, Any]:
    """A run of the first version under the names of this one, with the address of its subject."""
    measured = {name: data[name] for name in ("spreads", "profiles") if name in data}
    renamed = {name: [_renamed(entry) for entry in entries] for name, entries in measured.items()}
    failures = [_with_reproduction(failure) for failure in data["failures"]]
    rows = [{**row, "reason_kind": REASONS.get(row["reason"], "")} for row in data["rows"]]
    added = {"address": _address_in(data.get("command"))}
    return {**added, **data, **_renamed(renamed), "failures": failures, "rows": rows}


def _with_reproduction(failure: dict[str, Any]) -> dict[str, Any]:
    """The first version has the command in the message only, behind this word in the last line."""
    _, command, reproduction = failure["message"].rpartition("\n  reproduce: ")
    return {**failure, "reproduction": reproduction if command else ""}


def _address_in(command: object) -> str:
    """The address of the subject of a run that was recorded without: its command may have it."""
    words: list[str] = []
    if isinstance(command, str) and command.startswith("bptt-check run "):
        with contextlib.suppress(ValueError):  # quotes that somebody left open
            words = shlex.split(command)
    return words[2] if len(words) > 2 else ""


def _renamed(entry: dict[str, Any]) -> dict[str, Any]:
    return {RENAMED.get(name, name): value for name, value in entry.items()}


def _plausible(run: Run) -> Run:
    """The run, unless it says things that no run of ours says: it may come from anywhere."""
    for curve in run.taylor:
        if not len(curve.steps) == len(curve.remainders) == len(curve.rounding) >= curve.last:
            raise ValueError("a curve has as many remainders as steps")
    counts_of(run.covered.factors)
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
    is_number = TABLE_TYPES.get(name) == "float"
    return [float(v) if is_number and isinstance(v, str) else v for v in column]
