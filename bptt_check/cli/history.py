"""`bptt-check history`: the runs below a folder, and how worst error and time went."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ReportError, enumerated, printable
from .group import cli
from .shared import advice, shown_run

if TYPE_CHECKING:
    from ..report.several_runs.history import HistoryLine, HistoryPoint

HEADINGS = ("begun (UTC)", "commit", "verdict", "budgets", "seconds", "cases", "run")
LEFT = (0, 1, 2, 6)
"""Columns of text; numbers stand at the right."""
COMMIT = 9
"""Characters of a commit."""


@cli.command("history")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--subject", default="", metavar="TEXT", help="Only subjects with this text.")
@click.option(
    "--last", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
    help="Runs of each subject, the latest.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all runs of each subject as JSON.")
def history_command(folder: str, subject: str, last: int, as_json: bool) -> None:
    """Show the runs below DIR, subject by subject: date, commit, verdict, worst error, time."""
    from ..report.several_runs.history import history, runs_below
    from ..report.strict_json import encoded, strict

    with advice(), shown_run(folder):
        runs = runs_below(Path(folder))
        every = history(runs)
        lines = [line for line in every if subject in line.subject]
        if every and not lines:
            known = enumerated([line.subject for line in every], 4)
            raise ReportError(f"no subject has {subject!r} in its name; there are {known}")
    unreadable = [one for one in runs if one.run is None]
    undated = sum(one.run is not None and not one.run.provenance.begun for one in runs)
    if as_json:
        click.echo(encoded(strict([asdict(line) for line in lines])).decode())
    else:
        click.echo(printable("\n\n".join(_told(line, last) for line in lines)))
    for one in unreadable:
        click.echo(printable(f"left out: {one.why}"), err=True)
    if undated:
        click.echo(f"left out: {undated} of an older version, without a date", err=True)


def _told(line: HistoryLine, last: int) -> str:
    """The latest runs of a subject as a table."""
    shown = line.points[-last:]
    rows = [HEADINGS, *map(_cells, shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    told = ["  ".join(map(_padded, range(len(row)), row, widths)) for row in rows]
    left = len(line.points) - len(shown)
    more = [f"  and {left} earlier"] if left else []
    return "\n".join([_title(line), *(f"  {text}".rstrip() for text in told), *more])


def _padded(column: int, text: str, width: int) -> str:
    return text.ljust(width) if column in LEFT else text.rjust(width)


def _title(line: HistoryLine) -> str:
    return f"{line.subject}: {enumerated(line.models, 4)}"


def _cells(point: HistoryPoint) -> tuple[str, ...]:
    from ..report.grouping import number

    return (
        point.begun.replace("T", " ").rstrip("Z"),
        point.commit[:COMMIT] or "-",
        str(point.verdict),
        number(point.max_budgets),
        f"{point.seconds:.1f}",
        f"{point.cases:,}",
        point.name,
    )
