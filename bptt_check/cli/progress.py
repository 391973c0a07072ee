"""How far a run is and what it is at, on stderr: a bar on a terminal; elsewhere and in CI a line
per 10 %, and now and then one for what takes long.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator
from typing import Any, Protocol

from ..cases.timing.stage_clock import Stage
from ..runs.effort.progress import Progress

WORDS = {
    Stage.STARTING: "starting",
    Stage.SHRINKING: "looking for the smallest failing case",
    Stage.DIAGNOSIS: "explaining",
    Stage.CURVES: "gradient flow and Taylor tests",
    Stage.REPAIR: "looking for the edit that makes it right",
    Stage.REPORT: "writing the report",
}
"""What is told of a stage; of all others that cases are checked."""
CHECKING = "checking"
QUIET = 5.0
"""Seconds without a line after which one says what the run is at."""
Clock = Callable[[], float]


class Display(Protocol):
    """Shows how far a run is."""

    def __call__(self, progress: Progress) -> None:
        """A case is done."""

    def begin(self, stage: Stage, target: str) -> None:
        """A stage begins; `target` is at work, if it is not empty."""


@contextlib.contextmanager
def display() -> Generator[Display]:
    """What shows the progress of a run here."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal or os.environ.get("CI"):
        yield Lines(lambda line: print(line, file=sys.stderr, flush=True))
        return
    from rich.progress import BarColumn, Progress as Bars, TextColumn

    texts = ("{task.description}", "{task.fields[pace]}")
    first, last = (TextColumn(text, markup=False) for text in texts)
    with Bars(first, BarColumn(20), last, console=console, transient=True) as bars:
        yield Bar(bars)


class Pace:
    """Cases per second of checking, and how long the rest will take: what explaining takes is no
    measure of that.
    """

    def __init__(self, now: Clock = time.perf_counter) -> None:
        self._now, self._seconds = now, 0.0
        self._since: float | None = None

    def checking(self, checking: bool) -> None:
        """From now on cases are checked, or not."""
        now = self._now()
        if self._since is not None:
            self._seconds += now - self._since
        self._since = now if checking else None

    def words(self, progress: Progress) -> str:
        """`41 cases/s, 2 min 5 s left`; nothing before the first case."""
        self.checking(self._since is not None)
        if self._seconds <= 0.0 or not progress.done:
            return ""
        rate, rest = progress.done / self._seconds, progress.total - progress.done
        return f"{rate:.3g} cases/s" + (f", {_duration(rest / rate)} left" if rest else "")


def _duration(seconds: float) -> str:
    """`5 s`, `2 min 5 s`, `1 h 2 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Lines:
    """Writes a line whenever another tenth is done, and where something else takes long."""

    def __init__(
        self, write: Callable[[str], object], steps: int = 10, now: Clock = time.perf_counter
    ) -> None:
        self._write, self._steps, self._now = write, steps, now
        self._pace, self._shown = Pace(now), 0
        self._at, self._last = CHECKING, now()

    def __call__(self, progress: Progress) -> None:
        """Write a line, if it is time for one."""
        step = self._steps * progress.done // progress.total
        if step > self._shown:
            self._shown = step
            share = f"{100 * progress.done // progress.total:>3} %"
            counts = f"{progress.done:,} of {progress.total:,} cases, {progress.failing:,} failing"
            pace = self._pace.words(progress)
            self._say(f"{share}  {counts}{pace and f', {pace}'}")

    def begin(self, stage: Stage, target: str) -> None:
        """Say so, if nothing was said for long."""
        at = WORDS.get(stage, CHECKING)
        self._pace.checking(at == CHECKING)
        if at != self._at and self._now() - self._last >= QUIET:
            self._say(f"{target}{target and ': '}{at}")
        self._at = at

    def _say(self, line: str) -> None:
        self._last = self._now()
        self._write(line)


class Bar:
    """A bar, whose text says what the run is at; it has no end while no case is checked."""

    def __init__(self, bars: Any, now: Clock = time.perf_counter) -> None:
        self._bars, self._pace = bars, Pace(now)
        self._task = bars.add_task(WORDS[Stage.STARTING], total=None, pace="")
        self._at, self._target, self._total, self._failing = "", "", 0, ""

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        self._failing = f", {progress.failing:,} failing" if progress.failing else ""
        self._total = progress.total
        counts = f"{progress.done:,} of {progress.total:,} cases"
        pace = ", ".join(filter(None, [counts, self._pace.words(progress)]))
        self._bars.update(self._task, completed=progress.done, pace=pace)
        self._show()

    def begin(self, stage: Stage, target: str) -> None:
        """Show what it is at."""
        at = WORDS.get(stage, CHECKING)
        if (at, target) != (self._at, self._target):
            self._pace.checking(at == CHECKING)
            self._at, self._target = at, target
            self._show()

    def _show(self) -> None:
        said = f"{self._target}{self._target and ': '}{self._at}{self._failing}"
        task = next(task for task in self._bars.tasks if task.id == self._task)
        task.total = (self._total or None) if self._at == CHECKING else None
        self._bars.update(self._task, description=said)
