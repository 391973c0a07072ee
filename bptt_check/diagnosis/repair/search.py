"""The search: edits until everything is right, or one after the other as far as they help."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from .candidates import Place, Seen, SourceEdit, candidates, surroundings
from .edit_runner import EditRunner
from .messages import Departure, EditOutcome, FunctionText, LinesObserved
from .own_file import OwnFile
from .suspicion import by_suspicion, defining_lines, line_probes

EDITS = 4
"""Edits that are made one after the other, at most."""
FURTHER = 64
"""Edits that are still tried after one that makes everything right: others may do so too."""
PATIENCE = 768
"""Edits that are still tried after one that makes only more right: another may make everything."""
LINES = 10
"""Suspicious lines that are told."""
LITTLE_KNOWN = 0.25
"""Share of the values of a run below which few are the textbook's."""
Marks = frozenset[tuple[int, int]]
"""Cases, and places among their blocks, that are right."""


@dataclass(frozen=True)
class FoundEdits:
    """What a search has found.

    Args:
        files: the subject's own, edited.
        edits: those that were made, in turn.
        also: others that would do in place of the last one.
        tried: how many were.
        wrong: what is still wrong: cases and places among their blocks.
        lines: the most suspicious lines at the beginning.
        trace: what the values of the unedited run were in the textbook's words.
    """

    files: tuple[OwnFile, ...]
    edits: tuple[SourceEdit, ...] = ()
    also: tuple[SourceEdit, ...] = ()
    tried: int = 0
    wrong: Marks = frozenset()
    lines: tuple[Place, ...] = ()
    trace: tuple[Departure, ...] = ()


def search(
    runner: EditRunner,
    files: Sequence[OwnFile],
    until: float,
    first: Sequence[SourceEdit] = (),
) -> FoundEdits:
    """Look for the edits that make every case right.

    Args:
        runner: of the subject.
        files: its own files, as they are.
        until: on the clock of `time.monotonic`.
        first: edits that are tried before all others.
    """
    found = FoundEdits(tuple(files), wrong=_wrong(runner.begun.right, runner))
    while found.wrong and len(found.edits) < EDITS and time.monotonic() < until:
        step = _Round(runner, found, until, () if found.edits else first).best()
        tried = found.tried + step.tried
        known = replace(found, tried=tried, lines=found.lines or step.lines)
        known = replace(known, trace=found.trace or step.trace)
        if not step.edits:
            return known
        (edit,) = step.edits
        edited = tuple(f.edited(edit.edit) if f == edit.file else f for f in found.files)
        edits = (*found.edits, edit)
        found = replace(known, files=edited, edits=edits, also=step.also, wrong=step.wrong)
        if found.wrong and time.monotonic() < until:
            changed = next(f for f in edited if f.path == edit.file.path)
            right = runner.rebase(changed.all_functions()).right
            found = replace(found, wrong=_wrong(right, runner))
    return found


def _wrong(right: Sequence[Sequence[int]], runner: EditRunner) -> Marks:
    blocks = runner.begun.blocks
    every = {(n, place) for n, of_case in enumerate(blocks) for place in range(len(of_case))}
    return frozenset(every - {(n, place) for n, places in enumerate(right) for place in places})


class _Round:
    """The search for one edit."""

    def __init__(
        self, runner: EditRunner, found: FoundEdits, until: float, first: Sequence[SourceEdit]
    ) -> None:
        self._runner, self._found, self._until, self._first = runner, found, until, first
        blocks, seconds = runner.begun.blocks, runner.begun.seconds
        self._order = sorted(
            range(len(blocks)), key=lambda n: (not self._wrong_of(n), seconds[n], n)
        )
        self._observed_case = max(range(len(blocks)), key=lambda n: (len(self._wrong_of(n)), -n))

    def _wrong_of(self, case: int) -> set[int]:
        return {place for n, place in self._found.wrong if n == case}

    def best(self) -> FoundEdits:
        """The edit that makes everything right with others that do, or the best step ahead."""
        observed = self._runner.observe(self._observed_case)
        seen, trace = surroundings(observed.lines), self._departures(observed)
        rank = self._rank(seen, trace)
        if observed.raised is not None:
            rank = self._with_first(rank, observed.raised)
        lines = tuple(sorted(rank, key=lambda place: rank[place])[:LINES])
        told = FoundEdits(self._found.files, lines=lines, trace=trace)
        every = candidates(self._found.files, seen, rank)
        whole, partly, tried = self._tried(itertools.chain(self._first, every))
        told = replace(told, tried=tried)
        if whole:
            whole = sorted((edit.tidied() for edit in whole), key=SourceEdit.size)
            return replace(told, edits=(whole[0],), also=tuple(whole[1:]))
        if partly:
            best = max(partly, key=lambda step: (len(step[1]), -step[0].size()))
            return replace(told, edits=(best[0].tidied(),), wrong=self._found.wrong - best[1])
        return told

    def _with_first(self, rank: dict[Place, int], raised: Place) -> dict[Place, int]:
        """The order with the statement that raised first, then what gives it its values."""
        path, line = raised
        begun = [n for f, n in rank if f == path and n <= line]
        if not begun:
            return rank
        first = (path, max(begun))
        above = [p for p in defining_lines(self._found.files, first) if p in rank]
        ordered = dict.fromkeys((first, *above, *sorted(rank, key=lambda place: rank[place])))
        return {place: n for n, place in enumerate(ordered)}

    def _tried(
        self, every: Iterable[SourceEdit]
    ) -> tuple[list[SourceEdit], list[tuple[SourceEdit, Marks]], int]:
        """Edits that make everything right; those that make more right with what they do; and how
        many were tried. The rest is left untried some time after the first of either.
        """
        drawn: list[SourceEdit] = []
        whole: list[SourceEdit] = []
        partly: list[tuple[SourceEdit, Marks]] = []
        last, tried, begin = math.inf, 0, time.monotonic()

        def texts() -> Iterator[FunctionText]:
            for edit in every:
                if len(drawn) >= last:
                    return
                drawn.append(edit)
                yield edit.function

        for one in self._runner.try_edits(texts(), self._order, self._until):
            tried = one.number + 1
            right = self._marks(one)
            if self._is_whole(one, right):
                whole.append(drawn[one.number])
                last = min(last, len(drawn) + FURTHER)
            elif gained := self._gained(one, right):
                partly.append((drawn[one.number], gained))
                last = min(last, len(drawn) + PATIENCE)
            if partly and time.monotonic() - begin > 0.5 * (self._until - begin):
                last = min(last, len(drawn))
        return whole, partly, tried

    def _departures(self, observed: LinesObserved) -> tuple[Departure, ...]:
        """What values are in the textbook's words; on one sequence, where code that takes one at a
        time is the textbook, if little of it is known on several.
        """
        known = observed.departures
        single = [n for n, one in enumerate(self._runner.begun.single) if one and self._wrong_of(n)]
        if sum(d.held > 0 for d in known) < LITTLE_KNOWN * len(known) and single:
            other = self._runner.observe(single[0]).departures
            return max(known, other, key=lambda found: sum(d.held > 0 for d in found))
        return known

    def _rank(self, seen: Seen, departures: Sequence[Departure]) -> dict[Place, int]:
        probed = list(line_probes(self._found.files, seen))
        case = self._observed_case
        changed = self._runner.probe([p.function for p in probed], case)
        reached: dict[Place, list[list[int] | None]] = {}
        for probe, blocks in zip(probed, changed, strict=True):
            reached.setdefault(probe.place, []).append(blocks)
        lines = {(f, line) for f, _, line in seen}
        parents = partial(defining_lines, self._found.files)
        return by_suspicion(reached, self._wrong_of(case), lines, departures, parents)

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
            (n, place) not in self._found.wrong and (n, place) not in right
            for n in cases
            for place in range(len(blocks[n]))
        )
        return frozenset() if lost or len(cases) < len(blocks) else right & self._found.wrong
