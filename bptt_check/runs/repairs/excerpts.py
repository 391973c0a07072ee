"""The functions that a search is about, as parts of the user's own source."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from ...diagnosis.repair import OwnFile, Place, shown_path
from .records import SourceExcerpt

LONGEST = 60
"""Lines of an excerpt."""
MOST = 3
"""Excerpts of a search."""


def excerpts(
    before: Sequence[OwnFile], after: Sequence[OwnFile], suspicious: Sequence[Place]
) -> tuple[SourceExcerpt, ...]:
    """The functions that are edited; where none is, that of the most suspicious line.

    Args:
        before, after: the same files in the same order, without and with the edits.
        suspicious: lines, the most suspicious first.
    """
    found = [one for old, new in zip(before, after, strict=True) for one in _changed(old, new)]
    if found or not suspicious:
        return tuple(found[:MOST])
    path, line = suspicious[0]
    return tuple(_around(file, [line]) for file in before if file.path == path)


def _changed(old: OwnFile, new: OwnFile) -> Iterator[SourceExcerpt]:
    """The functions of a file that differ."""
    lines = changed_lines(old.text, new.text)
    while lines:
        one = _around(old, lines)
        yield one
        lines = [line for line in lines if line not in one.marked]


def changed_lines(old: str, new: str) -> list[int]:
    """Numbers of the lines of a text that another lacks, from 1; where lines are added between two,
    that of the one before.
    """
    texts = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, *texts, autojunk=False)
    found: list[int] = []
    for kind, begin, end, _, _ in matcher.get_opcodes():
        if kind != "equal":
            found += range(begin + 1, end + 1) if end > begin else [max(begin, 1)]
    return found


def _around(file: OwnFile, lines: Sequence[int]) -> SourceExcerpt:
    """The function of the first of some lines, or what is around that line in a long one."""
    line = lines[0]
    first, last = next(
        (
            (node.lineno, node.end_lineno or node.lineno)
            for name, node in file.functions.items()
            if "<locals>" not in name and node.lineno <= line <= (node.end_lineno or 0)
        ),
        (line, line),
    )
    first = max(first, min(line - LONGEST // 2, last - LONGEST + 1))
    last = min(last, first + LONGEST - 1)
    text = "\n".join(file.text.splitlines()[first - 1 : last])
    marked = tuple(n for n in lines if first <= n <= last)
    return SourceExcerpt(shown_path(file.path), first, text, marked)
