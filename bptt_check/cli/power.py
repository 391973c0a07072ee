"""`bptt-check power`: how much the harness finds, and how often it raises a false alarm."""

from __future__ import annotations

import shlex
from typing import Any

import click

from .group import cli
from .shared import advice, attempted, subject_argument, with_report

SHORT: dict[str, Any] = {"every": 60, "checks": 10_000, "cases": 20, "others": False}
"""What `--short` asks: a fixed sample, for continuous integration."""


@cli.command("power")
@subject_argument
@click.option("--cases", default=100, show_default=True, metavar="N", help="Cases per target.")
@click.option(
    "--every", default=1, show_default=True, metavar="N", type=click.IntRange(0),
    help="Every N-th mutant only; 0 for none.",
)  # fmt: skip
@click.option(
    "--checks", default=1_000_000, show_default=True, metavar="N", type=click.IntRange(0),
    help="Checks of right implementations; 0 for none.",
)  # fmt: skip
@click.option("--others/--no-others", default=True, help="Ask other libraries' checks too.")
@click.option("--short", is_flag=True, help="A small fixed sample of everything, under a minute.")
@click.option("--processes", default=2, show_default=True, metavar="N", type=click.IntRange(0))
@click.option(
    "--limit", type=float, metavar="S", help="Most seconds for the right implementations."
)
@click.option("--report", default="reports/power", show_default=True, metavar="DIR")
def power_command(short: bool, report: str, **options: Any) -> None:
    """Edit the source of SUBJECT in every systematic way and see what catches each edit.

    Beside that, right implementations are checked until so many checks have been decided. Exit
    status 1: a wrong edit was missed, or a right implementation was not passed.
    """
    from rich.console import Console

    from ..power import store, terminal
    from ..power.process_pool import ProgressLines
    from ..power.study import StudyOptions, measure_power

    asked = {**options, **(SHORT if short else {})}
    with advice():
        store.make_folder(report)
        power = measure_power(StudyOptions(**asked), ProgressLines(), _command(asked))
    page, unwritten = attempted(lambda: store.write_study(report, power))
    terminal.print_study(power, Console())
    if page is not None:
        click.echo(f"report: {page}")
    raise click.exceptions.Exit(with_report(int(not power.passed), unwritten))


def _command(asked: dict[str, Any]) -> str:
    """The command line that asks the same."""
    words = ["bptt-check", "power", asked["subject"]]
    for name in ("cases", "every", "checks", "limit"):
        if asked[name] is not None:
            words += [f"--{name}", str(asked[name])]
    words += [] if asked["others"] else ["--no-others"]
    return shlex.join(words)
