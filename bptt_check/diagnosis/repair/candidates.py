"""The single edits of a subject's own files that are tried, and in which order."""

from __future__ import annotations

import ast
import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...mutation import OPERATORS, Edit
from ...mutation.missing import (
    FACTORS,
    IN_PLACE,
    NAMES,
    PRODUCT_TERMS,
    RARE,
    SLOPES,
    SMALL,
    TERMS,
    Operator,
    Surroundings,
)
from ...mutation.missing.lost import lost_appends, lost_carries, lost_paths
from ...mutation.missing.siblings import sibling_edits
from ...mutation.missing.statements import (
    added_statements,
    blocks,
    doubled,
    missing_sums,
    moved,
    moved_in,
)
from ...mutation.missing.unwritten import unwritten_sums
from ...mutation.sites import Site, sites
from .messages import FunctionText, LineSeen
from .own_file import OwnFile

Place = tuple[str, int]
"""A file and a line of it."""
Seen = Mapping[tuple[str, str, int], Surroundings]
"""File, function and line to what was seen there."""
ALL = 10**9
ONE, FEW, SOME = 1, 3, 8
"""Numbers of lines, the most suspicious first, on which more is tried before the others."""
(
    SMALL_EDITS,
    OTHER_NAMES,
    FACTOR_EDITS,
    TERM_EDITS,
    SLOPE_EDITS,
    STATEMENTS,
    RARE_EDITS,
    LOST,
    LOST_PATHS,
    NEW_ARRAYS,
    PRODUCTS,
    MOVES,
    SIBLINGS,
) = range(13)
"""Groups of operators."""
FIRST = (
    (SMALL_EDITS, FEW), (OTHER_NAMES, FEW), (NEW_ARRAYS, ALL), (LOST, ALL), (MOVES, FEW),
    (SIBLINGS, ALL),
)  # fmt: skip
"""Which group is tried on how many lines, in turn; nothing is tried twice."""
DEEP = (
    (FACTOR_EDITS, ONE), (PRODUCTS, ONE), (TERM_EDITS, ONE), (SLOPE_EDITS, ONE),
    (LOST_PATHS, ONE), (FACTOR_EDITS, FEW), (PRODUCTS, FEW), (TERM_EDITS, FEW), (SLOPE_EDITS, FEW),
    (LOST_PATHS, FEW), (RARE_EDITS, ONE), (FACTOR_EDITS, SOME), (TERM_EDITS, SOME),
    (SLOPE_EDITS, SOME), (RARE_EDITS, FEW), (LOST_PATHS, SOME), (FACTOR_EDITS, ALL),
    (TERM_EDITS, ALL), (SLOPE_EDITS, ALL), (PRODUCTS, ALL), (LOST_PATHS, ALL), (RARE_EDITS, ALL),
)  # fmt: skip
"""What then is tried in turn with `BROAD`: much on the most suspicious lines."""
BROAD = (
    (SMALL_EDITS, SOME), (OTHER_NAMES, SOME), (SMALL_EDITS, ALL),
    (MOVES, SOME),
    (OTHER_NAMES, ALL), (STATEMENTS, SOME), (MOVES, ALL), (STATEMENTS, ALL),
)  # fmt: skip
"""A little on every line: where the order of lines is wrong, it costs half of the time at most."""


@dataclass(frozen=True)
class SourceEdit:
    """One edit.

    Args:
        file: that is edited, as it was before.
        line: on which it begins; of whole statements that of the statement.
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

    def tidied(self) -> SourceEdit:
        """The same edit without parentheses that change nothing."""
        best = self
        while best.edit.text.startswith("(") and best.edit.text.endswith(")"):
            shorter = replace(best.edit, text=best.edit.text[1:-1])
            function = best.file.function_with(shorter)
            if function is None or not _same_code(
                best.file.edited(shorter), best.file.edited(best.edit)
            ):
                break
            best = replace(best, edit=shorter, function=function)
        return best

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


def _same_code(one: OwnFile, other: OwnFile) -> bool:
    """Whether two texts are the same to Python."""
    try:
        return ast.dump(one.tree) == ast.dump(other.tree)
    except SyntaxError:
        return False


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
    drawn: dict[int, list[tuple[int, Drawn]]] = {}

    def edits(order: Iterable[tuple[int, int]]) -> Iterator[Drawn]:
        for group, most in order:
            if group not in drawn:
                found = (c for walk in walks for c in walk.edits(group))
                ranks = [(_rank_of((c[0].path, c[1]), rank), c) for c in found]
                drawn[group] = sorted(ranks, key=lambda one: one[0])
            now = [c for n, c in drawn[group] if n < most]
            drawn[group] = [(n, c) for n, c in drawn[group] if n >= most]
            yield from now

    for file, line, operator, drawn_edit in itertools.chain(edits(FIRST), _in_turn(edits)):
        edit = in_style(drawn_edit, file.text)
        function = file.function_with(edit)
        if function is not None and function not in known:
            known.add(function)
            yield SourceEdit(file, line, operator, edit, function)


def _in_turn(edits: Callable[[Iterable[tuple[int, int]]], Iterator[Drawn]]) -> Iterator[Drawn]:
    """One of `DEEP`, one of `BROAD`, and so on."""
    for pair in itertools.zip_longest(edits(DEEP), edits(BROAD)):
        yield from (one for one in pair if one is not None)


def _rank_of(place: Place, rank: Mapping[Place, int]) -> int:
    """The rank of a line, or of the nearest one before it, which its statement begins on."""
    path, line = place
    above = (n for n in range(line, max(line - LONGEST, 0), -1) if (path, n) in rank)
    return rank.get((path, next(above, 0)), len(rank))


LONGEST = 40
"""Lines of a statement."""
Drawn = tuple[OwnFile, int, str, Edit]


def in_style(edit: Edit, text: str) -> Edit:
    """An edit with the quotation marks that keys have in a text."""
    if "['" not in edit.text or text.count("['") >= text.count('["'):
        return edit
    return replace(edit, text=KEY.sub(r'["\1"]', edit.text))


KEY = re.compile(r"\['([^'\"\\]*)'\]")
"""A key as `ast` writes it."""

OPERATORS_OF = {
    OTHER_NAMES: NAMES,
    FACTOR_EDITS: FACTORS,
    TERM_EDITS: TERMS,
    SLOPE_EDITS: SLOPES,
    RARE_EDITS: RARE,
    NEW_ARRAYS: IN_PLACE,
    PRODUCTS: PRODUCT_TERMS,
}


class _Walk:
    """The edits of one file."""

    def __init__(self, file: OwnFile, seen: Seen) -> None:
        self._file = file
        self._seen = {k[1:]: around for k, around in seen.items() if k[0] == file.path}
        self._sites = [s for s in sites(file.source) if self._ran(s)]

    def _ran(self, site: Site) -> bool:
        return (site.function, site.statement.lineno) in self._seen

    def edits(self, group: int) -> Iterator[Drawn]:
        """Those of one group of operators."""
        if group == SMALL_EDITS:
            yield from self._of_mutation()
            yield from self._with(SMALL)
        elif group in (STATEMENTS, LOST, LOST_PATHS, MOVES, SIBLINGS):
            yield from self._statements(group)
        else:
            yield from self._with(OPERATORS_OF[group])

    def _of_mutation(self) -> Iterator[Drawn]:
        for site in self._sites:
            for name, operator in OPERATORS.items():
                for edit in operator(site):
                    yield self._file, self._line(edit), name, edit

    def _with(self, operators: Mapping[str, Operator]) -> Iterator[Drawn]:
        for site in self._sites:
            around = self._seen[site.function, site.statement.lineno]
            for name, operator in operators.items():
                for edit in operator(site, around):
                    yield self._file, self._line(edit), name, edit

    def _line(self, edit: Edit) -> int:
        """The line of an edit, which is not the first of a statement of several lines."""
        return self._file.positions.line_at(edit.start)

    def _statements(self, group: int) -> Iterator[Drawn]:
        text = self._file.positions
        for name, function in self._file.functions.items():
            around = {line: s for (f, line), s in self._seen.items() if f == name}
            if not around:
                continue
            for block in blocks(function):
                if group == MOVES:
                    drawn = itertools.chain(moved(text, block), moved_in(text, block))
                    operator = "move statement"
                elif group == LOST:
                    drawn = itertools.chain(
                        lost_appends(text, block, function, around),
                        lost_carries(text, block, function, around),
                        missing_sums(text, block, function, around),
                        unwritten_sums(text, block, function, around),
                    )
                    operator = "add statement"
                elif group == SIBLINGS:
                    drawn = sibling_edits(text, block, function, around)
                    operator = "as the others"
                elif group == LOST_PATHS:
                    drawn, operator = lost_paths(text, block, around), "add statement"
                else:
                    drawn = added_statements(text, block, function, around)
                    drawn = itertools.chain(doubled(text, block), drawn)
                    operator = "add statement"
                for line, edit in drawn:
                    if line in around:
                        yield self._file, line, operator, edit
