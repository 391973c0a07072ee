"""Each failure of a run with the line of the user's own source that it is about."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...runs.records import Failure, Run
from ...runs.repairs.records import Searched
from .. import sentences
from ..called import called_in, label
from ..headline import headline
from ..systematic.told import failure_heading

MOST = 10
"""Failures that become remarks: services show no more of one step."""
LARGEST = 2**22
"""Bytes of a source that is read for the line of a function."""


@dataclass(frozen=True)
class Annotation:
    """A remark.

    Args:
        title: in one line.
        text: the whole of it, in several.
        verdict: of the failure.
        file: of the line, from the folder of the run; "" where none is known.
        line: from 1; 0 where none is known.
        fix: what stands there instead in a verified repair; "" where there is none.
    """

    title: str
    text: str
    verdict: str
    file: str = ""
    line: int = 0
    fix: str = ""


def annotations_of(run: Run, folder: Path | None = None) -> list[Annotation]:
    """The failures of a run as remarks, the first of each check on the line that was found.

    A repair tells the line; without one the most suspicious line does, or the first line of the
    function that is the subject.

    Args:
        run: that failed.
        folder: in which the file of a subject is looked for; None for the present one.
    """
    return list(_annotations(run, folder or Path()))[:MOST]


def _annotations(run: Run, folder: Path) -> Iterator[Annotation]:
    begun = _function(run.address, folder)
    told, names, seen = sentences.told_failures(run), called_in(run), set[str]()
    for failure in told:
        called = names.of(label(failure.check, failure.model), failure.parameter)
        first = failure is told[0]
        title = headline(run) if first else failure_heading(run, failure, called)
        searched = None if failure.check in seen else _search_of(run, failure)
        seen.add(failure.check)
        file, line = _place(searched) or begun or ("", 0)
        text = "\n".join(sentences.failure_lines(run, failure))
        yield Annotation(title, text, str(failure.verdict), file, line, _fix(searched))
    if not told and run.verdict.failing:
        file, line = begun or ("", 0)
        yield Annotation(headline(run), sentences.message(run), str(run.verdict), file, line)


def _search_of(run: Run, failure: Failure) -> Searched | None:
    return next((s for s in run.searches if s.check == failure.check), None)


def _place(searched: Searched | None) -> tuple[str, int] | None:
    """The first line that a search is about."""
    if searched is None:
        return None
    if searched.repair is not None and searched.repair.edits:
        edit = searched.repair.edits[0]
        return edit.file, edit.line
    if not searched.lines:
        return None
    file, _, line = searched.lines[0].rpartition(":")
    return (file, int(line)) if line.isdigit() else None


def _fix(searched: Searched | None) -> str:
    repair = searched.repair if searched is not None else None
    return repair.edits[0].after if repair is not None and repair.verified else ""


def _function(address: str, folder: Path) -> tuple[str, int] | None:
    """Where the function begins that `path/to/file.py:name` names."""
    file, _, name = address.rpartition(":")
    path = folder / file
    try:
        if not file.endswith(".py") or path.stat().st_size > LARGEST:
            return None
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    kinds = (ast.FunctionDef, ast.ClassDef)
    named = (n for n in ast.walk(tree) if isinstance(n, kinds) and n.name == name.split(".")[0])
    found = next(named, None)
    return file, 1 if found is None else found.lineno
