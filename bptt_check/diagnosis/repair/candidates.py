"""The single edits of a subject's own files that are tried, and in which order."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...mutation import OPERATORS, Edit
from ...mutation.missing import NAMED, RARE, SMALL, Surroundings
from ...mutation.missing.statements import added_statements, blocks, doubled, moved, moved_in
from ...mutation.sites import Site, sites
from .messages import FunctionText, LineSeen
from .own_file import OwnFile

Place = tuple[str, int]
"""A file and a line of it."""
Seen = Mapping[tuple[str, str, int], Surroundings]
"""File, function and line to what was seen there."""
SUSPECTS = 5
"""The most suspicious lines, of which more is tried before the others."""
ORDER = (
    (0, True), (1, True), (0, False), (2, True), (3, True), (1, False), (2, False), (3, False),
)  # fmt: skip
"""Groups of operators, on the most suspicious lines or on the others."""


@dataclass(frozen=True)
class SourceEdit:
    """One edit.

    Args:
        file: that is edited, as it was before.
        line: of the statement.
        operator: the kind of edit.
        edit: of the file's text.
        function: that it is in, with the edit made.
    """

    file: OwnFile
    line: int
    operator: str
    edit: Edit
    function: FunctionText

    @property
    def place(self) -> Place:
        """The line that it changes."""
        return self.file.path, self.line

    def size(self) -> float:
        """How much it changes: what it writes counts more than what it takes away."""
        before, after = self.changed_lines()
        same = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        kept = sum(block.size for block in same)
        return 2.0 * (len(after) - kept) + 0.5 * (len(before) - kept)

    def changed_lines(self) -> tuple[str, str]:
        """The lines that it changes, as they were and as they are, without what is around."""
        text, edit = self.file.text, self.edit
        start = text.rfind("\n", 0, edit.start) + 1
        end = text.find("\n", edit.end)
        end = len(text) if end < 0 else end
        after = text[start : edit.start] + edit.text + text[edit.end : end]
        return text[start:end].strip(), after.strip()


def surroundings(lines: Iterable[LineSeen]) -> Seen:
    """What was seen, by place."""
    return {(s.file, s.function, s.line): Surroundings(s.shapes) for s in lines}


def candidates(
    files: Sequence[OwnFile], seen: Seen, rank: Mapping[Place, int]
) -> Iterator[SourceEdit]:
    """Every edit of a line that ran, each once: by kinds of edits, and in these by suspicion.

    Args:
        files: the subject's own.
        seen: the lines that ran.
        rank: of lines, the most suspicious first; lines without one come last.
    """
    known: set[FunctionText] = set()
    walks = [_Walk(file, seen) for file in files]
    drawn: dict[int, list[Drawn]] = {}
    for tier, first in ORDER:
        if tier not in drawn:
            of_tier = [c for walk in walks for c in walk.edits(tier)]
            drawn[tier] = sorted(of_tier, key=lambda c: rank.get((c[0].path, c[1]), len(rank)))
        for file, line, operator, edit in drawn[tier]:
            if (rank.get((file.path, line), len(rank)) < SUSPECTS) is not first:
                continue
            function = file.function_with(edit)
            if function is not None and function not in known:
                known.add(function)
                yield SourceEdit(file, line, operator, edit, function)


Drawn = tuple[OwnFile, int, str, Edit]


class _Walk:
    """The edits of one file."""

    def __init__(self, file: OwnFile, seen: Seen) -> None:
        self._file = file
        self._seen = {k[1:]: around for k, around in seen.items() if k[0] == file.path}
        self._sites = [s for s in sites(file.source) if self._ran(s)]

    def _ran(self, site: Site) -> bool:
        return (site.function, site.statement.lineno) in self._seen

    def edits(self, tier: int) -> Iterator[Drawn]:
        """Those of one group of operators."""
        if tier == 0:
            yield from self._of_sites({})
            yield from self._statements(0)
        elif tier == 1:
            yield from self._with(NAMED)
        elif tier == 2:
            yield from self._statements(1)
        else:
            yield from self._with(RARE)

    def _of_sites(self, _: Mapping[str, object]) -> Iterator[Drawn]:
        for site in self._sites:
            for name, operator in OPERATORS.items():
                for edit in operator(site):
                    yield self._file, site.statement.lineno, name, edit
        yield from self._with(SMALL)

    def _with(self, operators: Mapping[str, object]) -> Iterator[Drawn]:
        for site in self._sites:
            around = self._seen[site.function, site.statement.lineno]
            for name, operator in operators.items():
                for edit in operator(site, around):  # type: ignore[operator]
                    yield self._file, site.statement.lineno, name, edit

    def _statements(self, kind: int) -> Iterator[Drawn]:
        text = self._file.positions
        for name, function in self._file.functions.items():
            around = {line: s for (f, line), s in self._seen.items() if f == name}
            if not around:
                continue
            for block in blocks(function):
                if kind == 0:
                    drawn = itertools.chain(moved(text, block), moved_in(text, block))
                    operator = "move statement"
                else:
                    drawn = added_statements(text, block, function, around)
                    drawn = itertools.chain(doubled(text, block), drawn)
                    operator = "add statement"
                for line, edit in drawn:
                    if line in around:
                        yield self._file, line, operator, edit
