"""The search for one edit: what is tried of a subject as it stands, and what comes of it."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from .candidates import Place, Seen, SourceEdit, candidates, surroundings
from .evidence import known_lines
from .messages import Departure, EditOutcome, FunctionText
from .own_file import OwnFile
from .probes import line_probes
from .running.edit_pool import EditPool
from .running.edit_runner import EditRunner
from .suspicion import by_suspicion, defining_lines

FURTHER = 64
"""Edits that are still tried after one that makes everything right: others may do so too."""
PATIENCE = 768
"""Edits that are still tried after one that makes only more right: another may make everything."""
PARTS = 8
"""Of these, the best that are gone on with."""
LINES = 10
"""Suspicious lines that are told."""
Runner = EditRunner | EditPool
"""One process for edits, or several."""
Marks = frozenset[tuple[int, int]]
"""Cases, and places among their blocks."""


@dataclass(frozen=True)
class PartialEdit:
    """An edit that makes more right and nothing wrong, and what is wrong with it."""

    edit: SourceEdit
    left: Marks


@dataclass(frozen=True)
class RoundResult:
    """What a round has found.

    Args:
        whole: edits that make everything right, the smallest first.
        parts: those that make only more right, where none makes everything right: those that make
            most right first, of these the more suspicious.
        tried: how many edits were.
    """

    whole: tuple[SourceEdit, ...] = ()
    parts: tuple[PartialEdit, ...] = ()
    tried: int = 0


class EditRound:
    """Edits of a subject as it stands, in the order of suspicion; each is tried once.

    Args:
        runner: of the subject.
        files: its own, as they are now.
        wrong: what is.
        first: edits that are tried before all others.

    `observed_case` is the one whose run tells what is suspicious, `lines` the lines that are, and
    `trace` what its values are in the textbook's words.
    """

    def __init__(
        self,
        runner: Runner,
        files: Sequence[OwnFile],
        wrong: Marks,
        first: Sequence[SourceEdit] = (),
    ) -> None:
        self._runner, self._files, self._wrong = runner, files, wrong
        blocks, steps = runner.begun.blocks, runner.begun.steps
        self._order = sorted(  # with another fault left, an edit may help in the last step alone
            range(len(blocks)), key=lambda n: (not self._wrong_of(n), steps[n], n)
        )
        self.observed_case = max(range(len(blocks)), key=lambda n: (len(self._wrong_of(n)), -n))
        observed = runner.observe(self.observed_case)
        seen, self.trace = surroundings(observed.lines), observed.departures
        rank = self._rank(seen, self.trace)
        if observed.raised is not None:
            rank = self._with_first(rank, observed.raised)
        self.lines = tuple(sorted(rank, key=lambda place: rank[place])[:LINES])
        self._left = itertools.chain(first, candidates(files, seen, rank))

    def _wrong_of(self, case: int) -> set[int]:
        return {place for n, place in self._wrong if n == case}

    def go_on(self, until: float, in_part: bool = True) -> RoundResult:
        """Try what is left, until something is found or the time is over.

        Args:
            until: on the clock of `time.monotonic`.
            in_part: whether an edit that makes only more right is something.
        """
        drawn: list[SourceEdit] = []
        whole: list[int] = []
        partly: list[tuple[int, Marks]] = []
        last, tried, begin = math.inf, 0, time.monotonic()

        def texts() -> Iterator[FunctionText]:
            while len(drawn) < last and (edit := next(self._left, None)) is not None:
                drawn.append(edit)
                yield edit.function

        for one in self._runner.try_edits(texts(), self._order, until):
            tried += 1
            right = self._marks(one)
            if self._is_whole(one, right):
                whole.append(one.number)
                last = min(last, len(drawn) + FURTHER)
            elif in_part and (gained := self._gained(one, right)):
                partly.append((one.number, gained))
                last = min(last, len(drawn) + PATIENCE)
            if partly and time.monotonic() - begin > 0.5 * (until - begin):
                last = min(last, len(drawn))
        if whole:
            ordered = sorted((drawn[n].tidied() for n in sorted(whole)), key=SourceEdit.size)
            return RoundResult(tuple(ordered), tried=tried)
        ordered_parts = sorted(partly, key=lambda one: (-len(one[1]), one[0]))
        parts = [PartialEdit(drawn[n].tidied(), self._wrong - g) for n, g in ordered_parts[:PARTS]]
        return RoundResult((), tuple(parts), tried)

    def _with_first(self, rank: dict[Place, int], raised: Place) -> dict[Place, int]:
        """The order with the statement that raised first, then what gives it its values."""
        path, line = raised
        begun = [n for f, n in rank if f == path and n <= line]
        if not begun:
            return rank
        first = (path, max(begun))
        above = [p for p in defining_lines(self._files, first) if p in rank]
        ordered = dict.fromkeys((first, *above, *sorted(rank, key=lambda place: rank[place])))
        return {place: n for n, place in enumerate(ordered)}

    def _rank(self, seen: Seen, departures: Sequence[Departure]) -> dict[Place, int]:
        probed = list(line_probes(self._files, seen))
        case = self.observed_case
        changed = self._runner.probe([p.function for p in probed], case)
        reached: dict[Place, list[list[int] | None]] = {}
        for probe, blocks in zip(probed, changed, strict=True):
            reached.setdefault(probe.place, []).append(blocks)
        lines = {(f, line) for f, _, line in seen} | set(reached)
        known, parents = known_lines(departures, self._files), partial(defining_lines, self._files)
        return by_suspicion(reached, self._wrong_of(case), lines, known, parents)

    def _marks(self, tried: EditOutcome) -> Marks:
        return frozenset((n, place) for n, places in tried.right for place in places)

    def _is_whole(self, tried: EditOutcome, right: Marks) -> bool:
        blocks = self._runner.begun.blocks
        return len(tried.right) == len(blocks) and len(right) == sum(map(len, blocks))

    def _gained(self, tried: EditOutcome, right: Marks) -> Marks:
        """What an edit makes right that was wrong, where nothing becomes wrong; else nothing."""
        blocks = self._runner.begun.blocks
        cases = {n for n, _ in tried.right}
        lost = any(
            (n, place) not in self._wrong and (n, place) not in right
            for n in cases
            for place in range(len(blocks[n]))
        )
        return frozenset() if lost or len(cases) < len(blocks) else right & self._wrong
