"""`bptt-check compare`: what got worse, better, new and gone between two runs."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import clean, printable
from ..report.folder import load_run, write_page
from .group import cli
from .shared import advice, attempted, shown_run, with_report

if TYPE_CHECKING:
    from ..report.called import Called
    from ..report.several_runs.comparison import Comparison, GradientChange

SHOWN = 20


@cli.command("compare")
@click.argument("base", metavar="BASE", type=click.Path())
@click.argument("run", metavar="RUN", type=click.Path())
@click.option(
    "--threshold",
    type=click.FloatRange(min=1, min_open=True),
    default=2.0,
    show_default=True,
    metavar="X",
    help="An error in budgets that grew or shrank by less than this factor is the same.",
)
@click.option("--report", type=click.Path(), metavar="DIR", help="Write a page, compare.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def compare_command(
    base: str, run: str, threshold: float, report: str | None, as_json: bool
) -> None:
    """Compare RUN with the earlier BASE; exit status 1 where something got worse."""
    from ..report.html import comparison_page
    from ..report.several_runs.comparison import compare

    with advice(), shown_run(f"{base} beside {run}"):
        comparison = compare(load_run(base), load_run(run), threshold)
        page, unwritten = None, None
        if report is not None:
            page, unwritten = attempted(
                lambda: comparison_page.write_comparison(report, comparison, base, run)
            )
            if page is not None and _is_folder_of(report, run):  # its page leads to the comparison
                _, unwritten = attempted(lambda: write_page(report, comparison.run))
        told = (
            comparison_page.comparison_to_json(comparison).decode()
            if as_json
            else printable(comparison_text(comparison))
        )
    click.echo(told)
    if page is not None:
        click.echo(f"report: {clean(str(page))}", err=as_json)
    raise click.exceptions.Exit(with_report(int(comparison.is_worse), unwritten))


def _is_folder_of(report: str, run: str) -> bool:
    """Whether a comparison was written beside the page of the run."""
    return os.path.isdir(run) and Path(report).resolve() == Path(run).resolve()


def comparison_text(comparison: Comparison) -> str:
    """The comparison for a terminal: the sentence, every gradient of which something else was
    found, the worst first, and what was not checked alike.
    """
    from ..report.called import called_in, label
    from ..report.several_runs.checked_differently import checked_differently, found_differently
    from ..report.several_runs.comparison import by_gradient, comparison_headline

    called = called_in(comparison.base, comparison.run)
    title = "WORSE" if comparison.is_worse else "OK"
    found = by_gradient(found_differently(comparison))
    checks = [f"{d.what}: {d.before} -> {d.after}" for d in checked_differently(comparison)]
    failed = [f"failed {label(f.check, f.model)}: {f.verdict}" for f in comparison.failures]
    shared = [f"systematic error, {c.kind}: {c.sentence}" for c in comparison.shared]
    declined = comparison.run.declined
    left = [f"declined now: {model} ({declined[model]})" for model in comparison.declined]
    lines = [
        f"{title}  {comparison_headline(comparison)}",
        *_first(failed),
        *_first(shared),
        *(change_line(change, called) for change in found[:SHOWN]),
    ]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN:,} more, in --report and --json")
    if checks:
        lines += ["not checked alike:", *_first(checks)]
    return "\n".join([*lines, *_first(left)])


def _first(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many there are besides them."""
    more = [f"  and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    return [*(f"  {line}" for line in lines[:SHOWN]), *more]


def change_line(group: GradientChange, called: Called) -> str:
    """What became of one gradient, in the reader's names, by its worst oracle."""
    from ..report.called import label
    from ..report.grouping import number

    change = group.worst
    row, others = change.row, len(group.oracles) - 1
    sides = [
        "-" if side is None else f"{side.verdict} {number(side.max_budgets)}"
        for side in (change.before, change.after)
    ]
    growth = f" (x {number(change.growth)})" if math.isfinite(change.growth) else ""
    name = f"{label(row.check, row.model)} {called.of_row(row)}"
    by = row.oracle + (f" and {others} more" if others else "")
    return f"  {change.kind:<6} {name}: {' -> '.join(sides)} budgets{growth}, by {by}"
