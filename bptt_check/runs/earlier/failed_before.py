"""Specs that failed in earlier runs: kept in a database of hypothesis, and asked first again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...cases.any_case import AnySpec
from ...errors import SpecError

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

FOLDER = Path(".hypothesis", "bptt_check")


def remember(memory: str, spec: AnySpec, failing: bool) -> None:
    """Keep a failing spec for the next run under a name; drop one that passes again."""
    database = _database() if failing else _database_so_far()
    if database is None or not memory:
        return
    change = database.save if failing else database.delete
    change(memory.encode(), str(spec).encode())


def remembered(memory: str, spec_of: Callable[[str], AnySpec]) -> list[AnySpec]:
    """Specs that failed in earlier runs; a line that `spec_of` cannot read is left alone."""
    database = _database_so_far()
    lines = sorted(database.fetch(memory.encode())) if database and memory else []
    specs: list[AnySpec] = []
    for line in lines:
        with contextlib.suppress(SpecError, UnicodeDecodeError):
            specs.append(spec_of(line.decode()))
    return specs


def _database() -> ExampleDatabase | None:
    """Failures are remembered between runs, but not in CI, where a run must depend on nothing."""
    if os.environ.get("CI"):
        return None
    from hypothesis.database import DirectoryBasedExampleDatabase

    return DirectoryBasedExampleDatabase(FOLDER)


def _database_so_far() -> ExampleDatabase | None:
    """The same where something was ever remembered, without the import of hypothesis elsewhere."""
    return _database() if FOLDER.is_dir() else None
