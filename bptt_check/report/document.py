"""The run as plain data: the schema of `run.json`.

Strings are cleaned on their way in, so that whatever a subject called its things can be written to
a terminal or a file. Nothing here holds an array, a path of this machine or a time of day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..cases.case import Case
from ..diagnosis.finding import Finding
from ..own_loss.taylor_curve import TaylorCurve
from ..runs.records import SCHEMA_VERSION, Failure, Flow, Profile, Record, Spread, Summary
from ..verdicts.verdict import Verdict


@dataclass(frozen=True)
class RowEntry(Summary):
    """A `Summary`, and in a report of several checks the check that it belongs to."""

    check: str = ""


@dataclass(frozen=True)
class FailureEntry:
    """A `Failure` whose case is a file: `counterexample` is relative to the folder of the run.

    `arrays` holds the numbers of the case as text, where they are few enough to be read.
    """

    verdict: Verdict
    model: str
    parameter: str
    message: str
    spec: str
    cases: int
    first_spec: str
    diagnoses: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    test_code: str = ""
    counterexample: str | None = None
    check: str = ""
    arrays: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class CheckEntry:
    """One call of `verify` among several, labelled with the test that made it."""

    check: str
    verdict: Verdict
    subject: str
    models: tuple[str, ...]
    seed: int | None
    cases: dict[str, int]
    declined: dict[str, str]
    seconds: float
    interrupted: bool = False


@dataclass(frozen=True)
class Run:
    """A whole run. `checks` is empty unless several calls of `verify` are reported together."""

    schema_version: int
    verdict: Verdict
    subject: str
    command: str
    seed: int | None
    environment: dict[str, str]
    models: tuple[str, ...]
    oracles: tuple[str, ...]
    cases: dict[str, int]
    declined: dict[str, str]
    interrupted: bool
    seconds: float
    rows: tuple[RowEntry, ...]
    failures: tuple[FailureEntry, ...]
    checks: tuple[CheckEntry, ...] = field(default=())
    flows: tuple[Flow, ...] = field(default=())
    spreads: tuple[Spread, ...] = field(default=())
    profiles: tuple[Profile, ...] = field(default=())
    taylor: tuple[TaylorCurve, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict == Verdict.PASS

    @property
    def parts(self) -> tuple[CheckEntry, ...]:
        """The checks; a run that is one check is its own only part."""
        own = {f.name: getattr(self, f.name) for f in fields(CheckEntry) if f.name != "check"}
        return self.checks or (CheckEntry(check="", **own),)


def of(record: Record, files: Sequence[str] = ()) -> Run:
    """The document of a record.

    Args:
        record: of a run.
        files: where the counterexample of each failure is, relative to the folder of the run.
    """
    places = [*files, *[None] * (len(record.failures) - len(files))]
    shared = _cleaned(record, Run)
    shared["rows"] = tuple(RowEntry(**_cleaned(row, Summary)) for row in record.rows)
    shared["failures"] = tuple(
        _failure(f, place) for f, place in zip(record.failures, places, strict=True)
    )
    return Run(schema_version=SCHEMA_VERSION, **shared)


def _failure(failure: Failure, place: str | None) -> FailureEntry:
    shared = _cleaned(failure, FailureEntry)
    shared["message"] = clean(failure.message, lines=True)
    shared["test_code"] = clean(failure.test_code, lines=True)
    shared["findings"] = tuple(Finding(**_cleaned(f, Finding)) for f in failure.findings)
    return FailureEntry(**shared, counterexample=place, arrays=_readable(failure.case))


READABLE = 80
"""Numbers of a case that a reader can take in."""


def _readable(case: Case) -> dict[str, str]:
    """Every array of a small case as text; nothing of a larger one."""
    given = {**case.inputs, "targets": case.targets}
    if case.lengths is not None:
        given["lengths"] = case.lengths
    if sum(array.size for array in given.values()) > READABLE:
        return {}
    return {
        name: np.array2string(array, precision=4, suppress_small=False, separator=", ")
        for name, array in given.items()
    }


def _cleaned(source: Any, target: type[Any]) -> dict[str, Any]:
    """The fields that `target` shares with a record, their strings cleaned."""
    names = [f.name for f in fields(target) if hasattr(source, f.name)]
    return {name: _clean(getattr(source, name)) for name in names}


def _clean(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Verdict):
        return clean(value)
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return tuple(_clean(v) for v in value)
    if isinstance(value, Profile | Spread | Flow | TaylorCurve):
        return replace(value, **{f.name: _clean(getattr(value, f.name)) for f in fields(value)})
    return value


_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_INVISIBLE = "\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_UNSAFE = re.compile(f"[{_CONTROL}{_INVISIBLE}]")
_UNSAFE_IN_A_LINE = re.compile(f"[{_CONTROL}{_INVISIBLE}\t\n]")


def clean(text: str, lines: bool = False) -> str:
    """Text in which control characters, direction marks and lone surrogates stand as escapes.

    They would reach a terminal as commands, reverse what is read, or fail to be written at all.
    Line breaks stay only with `lines`.
    """
    pattern = _UNSAFE if lines else _UNSAFE_IN_A_LINE
    return pattern.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
