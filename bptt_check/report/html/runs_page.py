"""The index of the runs in a folder, as a page; the page needs no script and loads nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import grouping
from ..files import write_file
from ..several_runs.history import HistoryLine, ListedRun, history, runs_below, worst_budgets
from .assets import assets
from .page import page_templates

INDEX = "runs.html"
WIDTH, HEIGHT, MARGIN = 160.0, 32.0, 4.0
"""Of a small chart, in the units of its drawing."""
SHORTEST = 2
"""Runs that make a line."""


@dataclass(frozen=True)
class SmallChart:
    """A line without axes: its points as SVG has them, and what they are in words."""

    points: tuple[tuple[float, float], ...]
    words: str

    @property
    def polyline(self) -> str:
        """All points in one text."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


def small_chart(values: Sequence[float], logarithmic: bool = False) -> SmallChart:
    """Values in their order, from left to right; what is not finite has no point.

    Args:
        values: at least one.
        logarithmic: whether equal factors are equal heights; zeros are as low as the least.
    """
    known = [v for v in values if math.isfinite(v)]
    least = min((v for v in known if v > 0), default=1.0)
    places = [(n, v) for n, v in enumerate(values) if math.isfinite(v)]
    heights = [(n, math.log10(max(v, least)) if logarithmic else v) for n, v in places]
    low, high = (end((h for _, h in heights), default=0.0) for end in (min, max))
    inside = HEIGHT - 2 * MARGIN
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    spread = high - low
    shares = [(n, (h - low) / spread if spread > 0 else 0.5) for n, h in heights]
    points = tuple((MARGIN + n * step, HEIGHT - MARGIN - inside * s) for n, s in shares)
    return SmallChart(points, ", ".join(grouping.number(v) for v in values))


def write_index(folder: str | Path) -> Path:
    """Write `runs.html`, which lists every run below a folder, into it.

    Raises:
        ReportError: there is no such folder, or no run below it, or it cannot be written.
    """
    path = Path(folder) / INDEX
    write_file(path, render_index(runs_below(Path(folder))).encode())
    return path


def render_index(runs: list[ListedRun]) -> str:
    """The page of some runs."""
    failing = sum(f.run is None or f.run.verdict.failing for f in runs)
    headline = f"{grouping.plural(len(runs), 'run')}, {failing or 'none'} failing"
    lines = [line for line in history(runs) if len(line.points) >= SHORTEST]
    page = page_templates().get_template("runs.html")
    return page.render(
        runs=runs,
        headline=headline,
        worst=worst_budgets,
        lines=[(line, *_charts(line)) for line in lines],
        assets=assets(),
    )


def _charts(line: HistoryLine) -> tuple[SmallChart, SmallChart]:
    """The worst errors and the durations of a line."""
    budgets = [p.max_budgets for p in line.points]
    return small_chart(budgets, logarithmic=True), small_chart([p.seconds for p in line.points])
