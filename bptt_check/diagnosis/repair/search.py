"""The search: edits until everything is right, or one after the other as far as they help."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .candidates import Place, SourceEdit
from .edit_round import EditRound, Marks, PartialEdit, RoundResult, Runner
from .messages import Departure
from .own_file import OwnFile

EDITS = 4
"""Edits that are made one after the other, at most."""
AHEAD = 0.35
"""Share of the time that is left which goes into what follows upon each edit that helps in part."""


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
    runner: Runner,
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
    begun = FoundEdits(tuple(files), wrong=_wrong(runner.begun.right, runner))
    found = _search(runner, begun, until, first)
    if found.wrong or len(found.edits) < 2:
        return found
    return without_needless(runner, begun, found)


def without_needless(runner: Runner, begun: FoundEdits, found: FoundEdits) -> FoundEdits:
    """The repair without those of its changes that nothing needs: an edit that helped in part may
    have helped against what a later one repairs.
    """
    for n, (old, new) in enumerate(zip(begun.files, found.files, strict=True)):
        for shorter in _with_a_change_less(old, new):
            if not _wrong(runner.rebase(shorter.all_functions()).right, runner):
                files = (*found.files[:n], shorter, *found.files[n + 1 :])
                kept = [e for e in found.edits if e.changed_lines()[1] in shorter.text]
                less = replace(found, files=files, edits=tuple(kept))
                return without_needless(runner, begun, less)
    return found


def _with_a_change_less(old: OwnFile, new: OwnFile) -> Iterator[OwnFile]:
    """The new text with one group of changed lines as it was, if that leaves another."""
    before, after = (f.text.splitlines(keepends=True) for f in (old, new))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changes = [op for op in matcher.get_opcodes() if op[0] != "equal"]
    for _, a, b, c, d in changes if len(changes) > 1 else ():
        yield replace(new, text="".join((*after[:c], *before[a:b], *after[d:])))


def _search(
    runner: Runner, found: FoundEdits, until: float, first: Sequence[SourceEdit] = ()
) -> FoundEdits:
    """The same from where some edits were made. An edit that helps in part may lead nowhere: then
    others are gone on with, and the rest is tried without any.
    """
    if not found.wrong or len(found.edits) >= EDITS or time.monotonic() >= until:
        return found
    one = EditRound(runner, found.files, found.wrong, first)
    if not found.edits:
        found = replace(found, lines=one.lines, trace=one.trace)
    step = one.go_on(until)
    best = found = replace(found, tried=found.tried + step.tried)
    if not step.parts:
        return _with_whole(found, step)
    for part in _by_trace(runner, found, step.parts, one.observed_case):
        begun = replace(_edited(found, part), tried=best.tried)
        now = time.monotonic()
        _rebase(runner, begun)
        reached = _search(runner, begun, now + AHEAD * (until - now))
        if not reached.wrong:
            return reached
        best = replace(min(best, reached, key=lambda f: len(f.wrong)), tried=reached.tried)
    _rebase(runner, found)
    rest = one.go_on(until, in_part=False)
    tried = best.tried + rest.tried
    return replace(_with_whole(found, rest) if rest.whole else best, tried=tried)


def _by_trace(
    runner: Runner, found: FoundEdits, parts: Sequence[PartialEdit], case: int
) -> list[PartialEdit]:
    """Edits in the order in which to go on with them. Many make the same right, where another fault
    hides what tells them apart: those come first with which more values of a run are the
    textbook's, and of those with which the same values are, the first.
    """
    most = min(len(p.left) for p in parts)
    ties = [p for p in parts if len(p.left) == most]
    if len(ties) == 1:
        return list(parts)
    traces: dict[tuple[int, ...], list[PartialEdit]] = {}
    for part in ties:
        _rebase(runner, _edited(found, part))
        held = tuple(d.held for d in runner.observe(case).departures)
        traces.setdefault(held, []).append(part)
    alike = sorted(traces.items(), key=lambda item: -sum(item[0]))
    groups = [of for _, of in alike]
    firsts, rest = [of[0] for of in groups], [part for of in groups for part in of[1:]]
    return [*firsts, *rest, *parts[len(ties) :]]


def _with_whole(found: FoundEdits, step: RoundResult) -> FoundEdits:
    """With the edit that makes everything right, if there is one."""
    if not step.whole:
        return found
    made = _edited(found, PartialEdit(step.whole[0], frozenset()))
    return replace(made, also=step.whole[1:])


def _edited(found: FoundEdits, part: PartialEdit) -> FoundEdits:
    edit = part.edit
    files = tuple(f.edited(edit.edit) if f == edit.file else f for f in found.files)
    return replace(found, files=files, edits=(*found.edits, edit), wrong=part.left)


def _rebase(runner: Runner, found: FoundEdits) -> None:
    """Have the subject run its files as they are in `found`."""
    runner.rebase([text for file in found.files for text in file.all_functions()])


def _wrong(right: Sequence[Sequence[int]], runner: Runner) -> Marks:
    blocks = runner.begun.blocks
    every = {(n, place) for n, of_case in enumerate(blocks) for place in range(len(of_case))}
    return frozenset(every - {(n, place) for n, places in enumerate(right) for place in places})
