"""Specs that failed in earlier runs: kept in a database of hypothesis, and asked first again."""

from __future__ import annotations

import contextlib
import os

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from ...cases.case import Spec
from ...errors import SpecError


def remember(memory: str, spec: Spec, failing: bool) -> None:
    """Keep a failing spec for the next run under a name; drop one that passes again."""
    database = _database()
    if database is None or not memory:
        return
    change = database.save if failing else database.delete
    change(memory.encode(), str(spec).encode())


def remembered(memory: str) -> list[Spec]:
    """Specs that failed in earlier runs; a line that this version cannot read is left alone."""
    database = _database()
    lines = sorted(database.fetch(memory.encode())) if database and memory else []
    specs: list[Spec] = []
    for line in lines:
        with contextlib.suppress(SpecError, UnicodeDecodeError):
            specs.append(Spec.parse(line.decode()))
    return specs


def _database() -> ExampleDatabase | None:
    """Failures are remembered between runs, but not in CI, where a run must depend on nothing."""
    if os.environ.get("CI"):
        return None
    return DirectoryBasedExampleDatabase(".hypothesis/bptt_check")
