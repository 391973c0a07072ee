"""The runs below a folder, one after the other: what there was, and how worst error and time went.

A line of a history is a subject checked on the same models; a run without a date, as older versions
recorded it, is listed and is no point of a line.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...errors import ReportError, clean
from ...runs.records import Run
from ...verdicts.verdict import Verdict
from ..files import DATA, PAGE
from ..folder import PREVIOUS, load_run

DEPTH = 3
"""How far below the folder a run may lie."""


@dataclass(frozen=True)
class ListedRun:
    """A run below the folder: its name and address relative to it; `why` it cannot be read."""

    name: str
    address: str
    run: Run | None
    why: str = ""


@dataclass(frozen=True)
class HistoryPoint:
    """One run of a line.

    Args:
        name: of its folder.
        begun: when, in UTC, as ISO 8601.
        commit: of the sources it was started in; "" if that is not known.
        verdict: of all of it.
        max_budgets: the worst error; NaN where nothing was measured.
        seconds: that it took.
        cases: that were checked.
    """

    name: str
    begun: str
    commit: str
    verdict: Verdict
    max_budgets: float
    seconds: float
    cases: int


@dataclass(frozen=True)
class HistoryLine:
    """The runs of one subject on the same models, the earliest first."""

    subject: str
    models: tuple[str, ...]
    points: tuple[HistoryPoint, ...]


def runs_below(folder: Path) -> list[ListedRun]:
    """Every run below a folder: before all those that are unreadable or ended before they were
    written, then the latest, then those without a date, the worst first.

    Raises:
        ReportError: there is no such folder, or no run below it.
    """
    if not os.path.isdir(folder):  # also of a name that no file can have
        raise ReportError(f"there is no folder {folder}. Name one below which there are runs.")
    patterns = ("/".join(["*"] * depth + [DATA]) for depth in range(DEPTH + 1))
    places = sorted({_place(path) for pattern in patterns for path in folder.glob(pattern)})
    if not places:
        raise ReportError(
            f"{folder} holds no run. Name a folder below which `bptt-check run --report` wrote."
        )
    runs = [_listed(place, folder) for place in places]
    ranked = sorted(runs, key=lambda one: -1 if one.run is None else one.run.verdict.rank)
    dated = sorted(ranked, key=lambda one: _begun(one), reverse=True)
    return sorted(dated, key=lambda one: one.run is not None)


def history(runs: Iterable[ListedRun]) -> list[HistoryLine]:
    """The lines of some runs: those that have most points first."""
    lines: dict[tuple[str, tuple[str, ...]], list[HistoryPoint]] = {}
    for one in sorted(runs, key=_begun):
        if one.run is not None and one.run.provenance.begun:
            key = (one.run.subject, tuple(sorted(one.run.models)))
            lines.setdefault(key, []).append(_point(one.name, one.run))
    found = [HistoryLine(*key, tuple(points)) for key, points in lines.items()]
    return sorted(found, key=lambda line: (-len(line.points), line.subject))


def worst_budgets(run: Run) -> float:
    """The largest error of a run in budgets; NaN where nothing was measured."""
    sizes: Sequence[float] = [r.max_budgets for r in run.rows if not math.isnan(r.max_budgets)]
    return max(sizes, default=math.nan)


def _begun(one: ListedRun) -> str:
    return "" if one.run is None else one.run.provenance.begun


def _point(name: str, run: Run) -> HistoryPoint:
    return HistoryPoint(
        name=name,
        begun=run.provenance.begun,
        commit=run.provenance.commit,
        verdict=run.verdict,
        max_budgets=worst_budgets(run),
        seconds=run.seconds,
        cases=sum(run.cases.values()),
    )


def _place(record: Path) -> Path:
    """The folder of a run; one that did not come to its end has only the run before it."""
    place = record.parent
    return place.parent if place.name == PREVIOUS else place


def _listed(place: Path, folder: Path) -> ListedRun:
    relative = place.relative_to(folder)
    address = quote(os.fsencode((relative / PAGE).as_posix()))  # its name may be no UTF-8
    name = clean(relative.as_posix()) if relative.parts else "this folder"
    try:
        return ListedRun(name, address, load_run(place))
    except ReportError as error:
        return ListedRun(name, address, None, clean(str(error).replace(str(place), name)))
