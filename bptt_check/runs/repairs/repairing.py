"""From failing specs to a repair: searched on small cases, proven on fresh ones, searched again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from ...cases.case import Spec
from ...diagnosis.repair import (
    ANSWER,
    EditPool,
    FoundEdits,
    OwnFile,
    Runner,
    SourceEdit,
    read_own_file,
    search,
    shown_path,
    specs_to_judge,
    unified_diff,
)
from ...errors import SubjectNotFound
from ..check import Setup
from ..target_cases import Plan
from .excerpts import excerpts
from .failing import failing_after_all
from .proof import run_edited
from .records import LineEdit, Repair, Searched, TracedValue, Verified

MODELS = 3
"""Failing models on whose cases edits are judged; the proof is about all of them."""
ROUNDS = 4
"""Proofs that may fail, each of which gives the search another case."""
OTHERS = 8
"""Other edits that are told of."""


def searched(
    address: str, failing: Sequence[Spec], seconds: float, plan: Plan, setup: Setup
) -> Searched:
    """Look for a repair, and prove it.

    Args:
        address: the subject's, as on the command line.
        failing: specs that it fails.
        seconds: for the search; the proof takes its own.
        plan: what a repair must pass.
        setup: against what.

    Raises:
        SubjectNotFound: it has no source of its own that could be edited.
        SubjectFailed: its process ended before anything was tried.
    """
    specs, spent, tried = _judged_specs(failing), 0.0, 0
    found, files = FoundEdits(()), list[OwnFile]()
    blocks: tuple[tuple[tuple[str, int], ...], ...] = ()
    first: tuple[SourceEdit, ...] = ()
    for _ in range(ROUNDS):
        with EditPool(address, [str(s) for s in specs]) as runner:
            files = _own_files(address, runner)
            begin = time.monotonic()
            found = search(runner, files, begin + max(seconds - spent, 1.0), first)
            spent += time.monotonic() - begin
            blocks = runner.begun.blocks
            specs = [specs[n] for n in runner.begun.cases]
        tried += found.tried
        if found.wrong or not found.edits:
            break
        changed = [new for old, new in zip(files, found.files, strict=True) if old != new]
        outcome = run_edited(address, changed, plan, setup)
        if outcome.run.passed:
            verified = Verified(
                plan.cases, outcome.run.oracles, outcome.run.models, plan.dtypes, plan.seed
            )
            repair = _repair(files, found, tried, spent, verified)
            return _told(repair, tried, spent, files, found)
        more = failing_after_all(outcome)
        if not more or spent >= seconds:
            break
        specs, first = [*more, *specs], found.also if len(found.edits) == 1 else ()
    part = None
    if found.edits and found.wrong:
        wrong = {(specs[n].model, blocks[n][place][0]) for n, place in found.wrong}
        remaining = {f"{model} {name}" for model, name in wrong if name != ANSWER}
        part = replace(
            _repair(files, found, tried, spent, None), remaining=tuple(sorted(remaining))
        )
    return _told(part, tried, spent, files, found)


def _told(
    repair: Repair | None, tried: int, seconds: float, files: Sequence[OwnFile], found: FoundEdits
) -> Searched:
    """What came of it, with the functions that it is about."""
    edited = found.files if repair is not None else files
    return Searched(
        repair=repair,
        tried=tried,
        lines=tuple(f"{shown_path(path)}:{line}" for path, line in found.lines),
        seconds=seconds,
        trace=_traced(found),
        excerpts=excerpts(files, edited, found.lines),
    )


def _judged_specs(failing: Sequence[Spec]) -> list[Spec]:
    """A few small specs of the first models that failed."""
    models = list(dict.fromkeys(s.model for s in failing))[:MODELS]
    of_each = [specs_to_judge([s for s in failing if s.model == m]) for m in models]
    return [s for specs in of_each for s in specs[: (12 if len(models) == 1 else 6)]]


def _own_files(address: str, runner: Runner) -> list[OwnFile]:
    if not runner.begun.files:
        raise SubjectNotFound(
            f"{address!r} ran no Python function of a file of its own: what is compiled or "
            f"installed cannot be edited."
        )
    return [read_own_file(path) for path in runner.begun.files]


def _repair(
    files: Sequence[OwnFile],
    found: FoundEdits,
    tried: int,
    seconds: float,
    verified: Verified | None,
) -> Repair:
    shown = {f.path: shown_path(f.path) for f in files}
    changed = {
        new.path: new.text for old, new in zip(files, found.files, strict=True) if old != new
    }
    return Repair(
        diff=unified_diff(files, found.files, shown),
        edits=tuple(map(_line_edit, found.edits)),
        verified=verified,
        tried=tried,
        also=tuple(map(_line_edit, found.also[:OTHERS])),
        seconds=seconds,
        files=changed,
    )


def _line_edit(candidate: SourceEdit) -> LineEdit:
    before, after = candidate.changed_lines()
    return LineEdit(
        shown_path(candidate.file.path), candidate.line, before, after, candidate.operator
    )


def _traced(found: FoundEdits) -> tuple[TracedValue, ...]:
    return tuple(
        TracedValue(shown_path(d.file), d.line, d.name, d.quantity, d.held, d.turns)
        for d in found.trace
    )
