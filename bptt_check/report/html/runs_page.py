"""The index of the runs in a folder, as a page; the page needs no script and loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...errors import ReportError
from .. import folder as store, grouping
from ..document import Run, clean
from .assets import assets
from .page import environment

PAGE = "runs.html"
DEPTH = 3
"""How far below the folder a run may lie."""


@dataclass(frozen=True)
class Found:
    """A run below the folder: its name and address relative to it; `why` it cannot be read."""

    name: str
    address: str
    run: Run | None
    why: str = ""


def write(folder: str | Path) -> Path:
    """Write `runs.html`, which lists every run below a folder, into it.

    Raises:
        ReportError: there is none, or the folder cannot be written.
    """
    found = runs_below(Path(folder))
    if not found:
        raise ReportError(
            f"{folder} holds no run. Name a folder below which `bptt-check run --report` wrote."
        )
    path = Path(folder) / PAGE
    store.write_file(path, render(found).encode())
    return path


def runs_below(folder: Path) -> list[Found]:
    """Every run below a folder, the worst first, unreadable ones before all."""
    patterns = ("/".join(["*"] * depth + [store.DATA]) for depth in range(DEPTH + 1))
    places = sorted({path.parent for pattern in patterns for path in folder.glob(pattern)})
    found = [_found(place, folder) for place in places]
    return sorted(found, key=lambda f: -1 if f.run is None else f.run.verdict.rank)


def _found(place: Path, folder: Path) -> Found:
    relative = place.relative_to(folder)
    address = quote((relative / store.PAGE).as_posix())
    name = clean(relative.as_posix()) if relative.parts else "this folder"
    try:
        return Found(name, address, store.load(place))
    except ReportError as error:
        return Found(name, address, None, clean(str(error).replace(str(place), name)))


def render(runs: list[Found]) -> str:
    """The page of some runs."""
    failing = sum(f.run is None or f.run.verdict.failing for f in runs)
    headline = f"{grouping.plural(len(runs), 'run')}, {failing or 'none'} failing"
    page = environment().get_template("runs.html")
    return page.render(runs=runs, headline=headline, assets=assets())
