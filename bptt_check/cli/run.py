"""`bptt-check run`: many cases of many models."""

from __future__ import annotations

import contextlib
import shlex
import sys
from dataclasses import dataclass, replace
from typing import Any

import click

from .. import api
from ..cases.case import DTYPES
from ..errors import clean
from ..report.report import Report
from .shared import (
    STATUS,
    Limits,
    accuracy_option,
    advice,
    cli,
    limit_options,
    oracle_option,
    subject_argument,
    subject_of,
)


@cli.command("run")
@subject_argument
@click.option("--model", multiple=True, metavar="NAME", help="Check this model only; repeatable.")
@oracle_option
@click.option("--cases", default=100, show_default=True, metavar="N", help="Cases per model.")
@click.option("--dtype", multiple=True, metavar="NAME", help=f"{' or '.join(DTYPES)}; repeatable.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="Draws other cases.")
@click.option(
    "--within", metavar="LIMITS", help="Limit the cases: 'T=1..300 H=8,16 initial_state=zero'."
)
@accuracy_option
@click.option("--report", type=click.Path(), metavar="DIR", help="Write a page and all records.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json instead of a summary.")
@limit_options
def run_command(
    report: str | None,
    as_json: bool,
    isolate: bool,
    timeout: float | None,
    memory: str | None,
    **options: Any,
) -> None:
    """Check SUBJECT on many cases of many models."""
    with advice():
        finished = run(RunOptions(**options, limits=Limits(isolate, timeout, memory)), report)
        _tell(finished, report, as_json)
    raise click.exceptions.Exit(STATUS.get(finished.verdict, 1))


@dataclass(frozen=True)
class RunOptions:
    """What to check; empty tuples stand for the default."""

    subject: str
    model: tuple[str, ...]
    oracle: tuple[str, ...]
    cases: int
    dtype: tuple[str, ...]
    seed: int
    within: str | None
    accuracy: float
    limits: Limits

    @property
    def command(self) -> str:
        """The command line that does the same; where its output goes is left out."""
        words = ["bptt-check", "run", self.subject]
        for name in ("model", "oracle", "dtype"):
            words += [w for value in getattr(self, name) for w in (f"--{name}", value)]
        words += ["--cases", str(self.cases), "--seed", str(self.seed)]
        words += ["--within", self.within] if self.within else []
        words += ["--accuracy", f"{self.accuracy:g}"] if self.accuracy else []
        return shlex.join([*words, *self.limits.words])


def run(options: RunOptions, folder: str | None = None) -> Report:
    """Verify what the options say; that the folder can be written is found out first.

    Ctrl-C ends it early, with a report of what there is.
    """
    from ..report.folder import prepare
    from .progress import progress

    if folder is not None:
        prepare(folder)
    with (
        contextlib.redirect_stdout(sys.stderr),
        subject_of(options.subject, options.limits) as subject,
        progress() as advance,
    ):
        report = api.verify(
            subject,
            models=options.model or None,
            cases=options.cases,
            oracles=options.oracle or None,
            dtypes=options.dtype or DTYPES[:1],
            seed=options.seed,
            timeout=options.limits.timeout,
            within=options.within,
            accuracy=options.accuracy,
            progress=advance,
            keep_partial=True,
        )
    return replace(report, run=replace(report.run, command=clean(options.command)))


def _tell(report: Report, folder: str | None, as_json: bool) -> None:
    """Print the run, then write its folder, then say where."""
    from rich.console import Console

    from ..report import run_json, terminal
    from ..report.folder import write_folder

    run = report.run_alone() if folder is None else report.run
    if as_json:
        click.echo(run_json.to_json(run).decode(), nl=False)
    else:
        terminal.show(run, Console())
    if folder is not None:
        page = write_folder(folder, report.bundle())
        click.echo(f"report: {page}", err=as_json)
