"""The index of the runs in a folder, as a page; the page needs no script and loads nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...errors import ReportError, clean
from ...runs.records import Run
from .. import grouping
from ..files import DATA, PAGE, write_file
from ..folder import PREVIOUS, load_run
from .assets import assets
from .page import page_templates

INDEX = "runs.html"
DEPTH = 3
"""How far below the folder a run may lie."""


@dataclass(frozen=True)
class ListedRun:
    """A run below the folder: its name and address relative to it; `why` it cannot be read."""

    name: str
    address: str
    run: Run | None
    why: str = ""


def write_index(folder: str | Path) -> Path:
    """Write `runs.html`, which lists every run below a folder, into it.

    Raises:
        ReportError: there is none, or the folder cannot be written.
    """
    runs = runs_below(Path(folder))
    if not runs:
        raise ReportError(
            f"{folder} holds no run. Name a folder below which `bptt-check run --report` wrote."
        )
    path = Path(folder) / INDEX
    write_file(path, render_index(runs).encode())
    return path


def runs_below(folder: Path) -> list[ListedRun]:
    """Every run below a folder, the worst first, before all those that are unreadable or ended
    before they were written.
    """
    patterns = ("/".join(["*"] * depth + [DATA]) for depth in range(DEPTH + 1))
    places = sorted({_place(path) for pattern in patterns for path in folder.glob(pattern)})
    runs = [_listed(place, folder) for place in places]
    return sorted(runs, key=lambda f: -1 if f.run is None else f.run.verdict.rank)


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


def render_index(runs: list[ListedRun]) -> str:
    """The page of some runs."""
    failing = sum(f.run is None or f.run.verdict.failing for f in runs)
    headline = f"{grouping.plural(len(runs), 'run')}, {failing or 'none'} failing"
    page = page_templates().get_template("runs.html")
    return page.render(runs=runs, headline=headline, assets=assets())
