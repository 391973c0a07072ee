"""A file of the subject's own, as text whose functions can be taken out one by one."""

from __future__ import annotations

import ast
import difflib
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import SubjectNotFound, one_line
from ...mutation import Edit
from ...mutation.sites import functions
from ...mutation.source import Source, Text
from .messages import FunctionText


@dataclass(frozen=True)
class OwnFile:
    """A file of the subject's own package, with some edits made.

    Args:
        path: as running code names it.
        text: as it is now.
    """

    path: str
    text: str

    @functools.cached_property
    def source(self) -> Source:
        """The same for `mutation`."""
        return Source(self.path, self.path, self.text)

    @functools.cached_property
    def positions(self) -> Text:
        """Its text by position."""
        return Text(self.text)

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @functools.cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Its functions by qualified name."""
        return dict(functions(self.tree))

    @functools.cached_property
    def _outermost(self) -> list[tuple[str, int, int, int]]:
        """Name, line, begin and end in the text of every function that no other holds."""
        found: list[tuple[str, int, int, int]] = []
        for name, node in self.functions.items():
            if "<locals>" not in name:
                start = self.positions.start_of(node.lineno)
                found.append((name, node.lineno, start, self.positions.span(node)[1]))
        return found

    def edited(self, edit: Edit) -> OwnFile:
        """The file with an edit made."""
        return replace(self, text=edit.apply(self.text))

    def function_with(self, edit: Edit) -> FunctionText | None:
        """The function in which an edit is made, with it; None if it is in none."""
        for name, line, start, end in self._outermost:
            if start <= edit.start and edit.end <= end + 1:
                stop = max(end, edit.end)
                text = self.text[start : edit.start] + edit.text + self.text[edit.end : stop]
                return FunctionText(self.path, tuple(name.split(".")[:-1]), line, text)
        return None

    def all_functions(self) -> list[FunctionText]:
        """Every function that no other holds, as it is."""
        return [
            FunctionText(self.path, tuple(name.split(".")[:-1]), line, self.text[start:end])
            for name, line, start, end in self._outermost
        ]


def read_own_file(path: str) -> OwnFile:
    """A file as it lies on disk.

    Raises:
        SubjectNotFound: it cannot be read, or is no Python.
    """
    try:
        file = OwnFile(path, Path(path).read_bytes().decode("utf-8"))
        ast.parse(file.text)
    except (OSError, SyntaxError, ValueError) as error:
        raise SubjectNotFound(
            f"the source {path} cannot be read as UTF-8 Python: {one_line(str(error))}."
        ) from error
    return file


def unified_diff(before: Sequence[OwnFile], after: Sequence[OwnFile], shown: dict[str, str]) -> str:
    """The changed lines of all files.

    Args:
        before, after: the same files in the same order.
        shown: path to how it is shown.
    """
    parts: list[str] = []
    for old, new in zip(before, after, strict=True):
        lines = [f.text.splitlines(keepends=True) for f in (old, new)]
        name = shown.get(old.path, old.path)
        parts += difflib.unified_diff(*lines, fromfile=name, tofile=name, n=3)
    ended = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + ended for line in parts)
