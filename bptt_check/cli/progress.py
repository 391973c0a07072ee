"""How far a run is, on stderr: a bar on a terminal, a line per 10 % elsewhere and in CI."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator

from ..runs.records import Progress

Advance = Callable[[Progress], None]


@contextlib.contextmanager
def progress() -> Generator[Advance, None, None]:
    """Something to call after every case."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal or os.environ.get("CI"):
        yield lines(lambda line: print(line, file=sys.stderr, flush=True))
        return
    import rich.progress

    with rich.progress.Progress(console=console, transient=True) as bar:
        task = bar.add_task("cases")

        def advance(now: Progress) -> None:
            failing = f", {now.failing} failing" if now.failing else ""
            said = now.model + failing
            bar.update(task, completed=now.done, total=now.total, description=said)

        yield advance


def lines(write: Callable[[str], object], steps: int = 10) -> Advance:
    """Writes a line whenever another tenth is done."""
    shown = 0

    def advance(now: Progress) -> None:
        nonlocal shown
        step = steps * now.done // now.total
        if step > shown:
            shown = step
            share = f"{100 * now.done // now.total:>3} %"
            write(f"{share}  {now.done:,} of {now.total:,} cases, {now.failing:,} failing")

    return advance
