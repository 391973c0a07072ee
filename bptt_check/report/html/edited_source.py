"""A search for a repair, laid out beside the user's own source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...runs.repairs.records import Searched, SourceExcerpt, TracedValue
from ...runs.repairs.sentences import headline_of, value_note


@dataclass(frozen=True)
class SourceLine:
    """A line of a source: its number, its text, whether it is marked, what its values are."""

    number: int
    text: str
    marked: bool
    note: str


@dataclass(frozen=True)
class EditedSource:
    """What a search has to show.

    Args:
        headline: what came of it.
        check: that it belongs to, where several are reported together.
        diff: of the repair, each line with its kind: `added`, `removed` or "".
        listings: file to the lines of a function.
    """

    headline: str
    check: str
    diff: tuple[tuple[str, str], ...]
    listings: tuple[tuple[str, tuple[SourceLine, ...]], ...]


def edited_source(searched: Searched) -> EditedSource:
    """What a search has to show."""
    repair = searched.repair
    diff = () if repair is None else tuple((_kind(s), s) for s in repair.diff.splitlines())
    listings = tuple((e.file, _lines(e, searched.trace)) for e in searched.excerpts)
    return EditedSource(headline_of(searched), searched.check, diff, listings)


def _kind(line: str) -> str:
    """Of a line of a unified diff."""
    if line.startswith(("+++", "---")):
        return ""
    return {"+": "added", "-": "removed"}.get(line[:1], "")


def _lines(excerpt: SourceExcerpt, trace: Sequence[TracedValue]) -> tuple[SourceLine, ...]:
    notes: dict[int, list[str]] = {}
    for value in trace:
        if value.file == excerpt.file:
            notes.setdefault(value.line, []).extend(value_note(value))
    return tuple(
        SourceLine(number, text, number in excerpt.marked, "; ".join(notes.get(number, ())))
        for number, text in zip(excerpt.numbers, excerpt.text.split("\n"), strict=True)
    )
