"""One run of the benchmark as data, the file of all runs, and what got worse since the last one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .rows import SPECS, Row
from .spread import Spread, got_worse

SCHEMA = 1
"""Of a line of the history."""


@dataclass(frozen=True)
class Growth:
    """How two costs grow with one size: milliseconds of `verify` and of the reference.

    Args:
        axis: what grows: `T`, `B`, `H`, `layers` or `cases`.
        verify: per case; for `cases` of all.
        reference: of one call; for `cases` of all.
    """

    axis: str
    sizes: tuple[int, ...]
    verify: tuple[float, ...]
    reference: tuple[float, ...]


@dataclass(frozen=True)
class Record:
    """One run of the benchmark.

    Args:
        date: of the run, `2026-01-31`.
        commit: what was checked out; ends in `+` where files had been changed since.
        machine: kind of machine: processor, cores, system.
        versions: of what was measured and measured against.
        short: whether it was a short run, whose rows are comparable with those of short ones only.
    """

    date: str
    commit: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    short: bool
    rows: Mapping[str, Row]
    growth: Sequence[Growth] = field(default=())


class Worse(NamedTuple):
    """A row that got worse beyond its spread."""

    key: str
    before: Spread
    now: Spread


def worse_rows(before: Record, now: Record) -> Iterator[Worse]:
    """The rows of both records that got worse, in the order of the table."""
    for key, spec in SPECS.items():
        old, new = (r.rows.get(key, Row()).compared for r in (before, now))
        if old is not None and new is not None and got_worse(old, new, spec.higher_is_better):
            yield Worse(key, old, new)


def last_like(records: Iterable[Record], now: Record) -> Record | None:
    """The last record of the same kind of machine and of run; None if there is none."""
    alike = [r for r in records if r.machine == now.machine and r.short == now.short]
    return alike[-1] if alike else None


def to_line(record: Record) -> str:
    """A record as one line of JSON."""
    return json.dumps({"schema": SCHEMA, **asdict(record)})


def from_line(line: str) -> Record:
    """The record of one line.

    Raises:
        ValueError: it is none; the message says why.
    """
    content = _loaded(line)
    try:
        rows = {
            key: Row(*(None if s is None else Spread(*s) for s in (row["amount"], row["ratio"])))
            for key, row in content.pop("rows").items()
        }
        growth = tuple(
            Growth(g["axis"], *(tuple(g[name]) for name in ("sizes", "verify", "reference")))
            for g in content.pop("growth")
        )
        return Record(**content, rows=rows, growth=growth)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is no record of a run: {error!r}") from error


def _loaded(line: str) -> dict[str, Any]:
    """The content of a line without its schema."""
    content = json.loads(line)
    if not isinstance(content, dict):
        raise ValueError(f"is no record but {content!r:.40}")
    schema = content.pop("schema", None)
    if schema != SCHEMA:
        raise ValueError(f"has schema {schema!r}, not {SCHEMA}")
    return content


def read_history(path: Path) -> list[Record]:
    """All records of a file, the oldest first; none if there is no file.

    Raises:
        SystemExit: a line is no record; the message names it.
    """
    if not path.exists():
        return []
    return [_record_at(path, n, line) for n, line in _lines(path)]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return ((n, line) for n, line in enumerate(lines, 1) if line.strip())


def _record_at(path: Path, number: int, line: str) -> Record:
    try:
        return from_line(line)
    except ValueError as error:
        raise SystemExit(
            f"{path}, line {number}: {error}. Take the line out, or restore the file."
        ) from error


def append(path: Path, record: Record) -> None:
    """Add a record to the file of all runs."""
    with path.open("a", encoding="utf-8") as file:
        file.write(to_line(record) + "\n")
