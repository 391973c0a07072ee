"""`bptt-check run`: many cases of many models."""

from __future__ import annotations

import contextlib
import shlex
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import api
from ..cases.case import DTYPES
from ..errors import clean
from ..report.report import Report
from ..runs import interruption
from .group import cli
from .shared import (
    STATUS,
    Limits,
    accuracy_option,
    advice,
    attempted,
    limit_options,
    oracle_option,
    subject_argument,
    subject_of,
    with_report,
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
    asked = RunOptions(**options, limits=Limits(isolate, timeout, memory))
    with advice():
        status = interruption.uninterrupted(partial(_run_and_tell, asked, report, as_json))
    raise click.exceptions.Exit(status)


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
    from ..report.folder import prepare, replacing
    from .progress import progress

    if folder is not None:
        prepare(folder)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        subject = interruption.interruptible(
            lambda: stack.enter_context(subject_of(options.subject, options.limits))
        )
        oracles = options.oracle or None
        interruption.interruptible(lambda: api.load_oracles(oracles))  # imports frameworks
        if folder is not None:
            stack.enter_context(replacing(folder))
        report = api.verify(
            subject,
            models=options.model or None,
            cases=options.cases,
            oracles=oracles,
            dtypes=options.dtype or DTYPES[:1],
            seed=options.seed,
            timeout=options.limits.timeout,
            within=options.within,
            accuracy=options.accuracy,
            progress=stack.enter_context(progress()),
            keep_partial=True,
        )
    return replace(report, run=replace(report.run, command=clean(options.command)))


def _run_and_tell(options: RunOptions, folder: str | None, as_json: bool) -> int:
    """Run, write the folder, then print, in this order; returns the exit status."""
    from ..report.folder import write_folder

    report = run(options, folder)
    page, unwritten = None, None
    if folder is not None:
        page, unwritten = attempted(lambda: write_folder(folder, report.bundle()))
    _tell(report, page, as_json)
    return with_report(STATUS.get(report.verdict, 1), unwritten)


def _tell(report: Report, page: Path | None, as_json: bool) -> None:
    """Print the run, then say where its report is, if it has one."""
    from rich.console import Console

    from ..report import run_json, terminal

    run = report.run_alone() if page is None else report.run
    if as_json:
        click.echo(run_json.to_json(run).decode(), nl=False)
    else:
        terminal.show(run, Console())
    if page is not None:
        click.echo(f"report: {page}", err=as_json)
