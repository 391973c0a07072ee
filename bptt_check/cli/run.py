"""`bptt-check run`: many cases of many models."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import api
from ..cases.case import DTYPES
from ..cases.timing.stage_clock import Stage, StageClock, counted_by, timed
from ..errors import clean
from ..report.report import Report
from ..runs import interruption
from ..runs.effort.progress import Progress
from ..runs.effort.stages import stages_of
from ..runs.records import Run
from ..runs.session import REPAIR_SECONDS
from .group import cli
from .run_output import Output, output_options, tell_services
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
@click.option(
    "--cases", type=int, metavar="N", help="Cases per model. [default: 100, 24 with --quick]"
)
@click.option("--quick", is_flag=True, help="A verdict in seconds; says what it leaves out.")
@click.option("--dtype", multiple=True, metavar="NAME", help=f"{' or '.join(DTYPES)}; repeatable.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="Draws other cases.")
@click.option(
    "--within", metavar="LIMITS", help="Limit the cases: 'T=1..300 H=8,16 initial_state=zero'."
)
@accuracy_option
@click.option(
    "--fix/--no-fix", default=True, help="Look for the edit that makes a failing SUBJECT right."
)
@output_options
@limit_options
def run_command(
    report: str | None,
    as_json: bool,
    profile: bool,
    sarif: str | None,
    annotations: str,
    isolate: bool,
    timeout: float | None,
    memory: str | None,
    **options: Any,
) -> None:
    """Check SUBJECT on many cases of many models."""
    asked = RunOptions(**options, limits=Limits(isolate, timeout, memory))
    shown = Output(report, as_json, profile, sarif, annotations)
    with advice():
        status = interruption.uninterrupted(partial(_run_and_tell, asked, shown))
    raise click.exceptions.Exit(status)


@dataclass(frozen=True)
class RunOptions:
    """What to check; empty tuples stand for the default."""

    subject: str
    model: tuple[str, ...]
    oracle: tuple[str, ...]
    cases: int | None
    quick: bool
    dtype: tuple[str, ...]
    seed: int
    within: str | None
    accuracy: float
    fix: bool
    limits: Limits

    @property
    def repair_seconds(self) -> float:
        """For the search of a repair: none of a quick run, nor without a process of its own."""
        searches = self.fix and self.limits.isolate and not self.quick
        return REPAIR_SECONDS if searches else 0.0

    @property
    def command(self) -> str:
        """The command line that does the same; where its output goes is left out."""
        words = ["bptt-check", "run", self.subject]
        for name in ("model", "oracle", "dtype"):
            words += [w for value in getattr(self, name) for w in (f"--{name}", value)]
        cases = api.CASES if self.cases is None else self.cases
        words += ["--quick"] if self.quick else ["--cases", str(cases)]
        words += ["--seed", str(self.seed)]
        words += ["--within", self.within] if self.within else []
        words += ["--accuracy", f"{self.accuracy:g}"] if self.accuracy else []
        words += [] if self.fix else ["--no-fix"]
        return shlex.join([*words, *self.limits.words])


RunInto = Callable[[str | None, Callable[[Progress], None]], Report]
"""Runs, with the folder that its report will be in and a display of its progress."""


def run(options: RunOptions, folder: str | None, progress: Callable[[Progress], None]) -> Report:
    """Verify what the options say; that the folder can be written is found out first.

    Ctrl-C ends it early, with a report of what there is.
    """
    from ..report.folder import prepare, replacing

    if folder is not None:
        prepare(folder)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        oracles = options.oracle or None
        with timed(Stage.STARTING):
            subject = interruption.interruptible(
                lambda: stack.enter_context(subject_of(options.subject, options.limits))
            )
            interruption.interruptible(
                lambda: api.load_oracles(oracles, options.quick)  # imports frameworks
            )
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
            quick=options.quick,
            repair_seconds=options.repair_seconds,
            progress=progress,
            keep_partial=True,
        )
    return replace(report, run=replace(report.run, command=clean(options.command)))


def _run_and_tell(options: RunOptions, output: Output) -> int:
    """Run, write the folder, then print, in this order; returns the exit status."""
    return told_and_written(lambda folder, shown: run(options, folder, shown), output)


def told_and_written(run_into: RunInto, output: Output) -> int:
    """Run, write the folder, then print, in this order; returns the exit status."""
    from ..report.folder import write_folder
    from .progress import display

    page, unwritten, folder = None, None, output.folder
    with display() as shown, counted_by(StageClock(shown.begin)) as clock:
        report = run_into(folder, shown)
        if folder is not None:
            with timed(Stage.REPORT):
                page, unwritten = attempted(lambda: write_folder(folder, report.bundle()))
    unwritten = tell_services(report.run, output) or unwritten
    _tell(report, page, output.as_json)
    if output.profile:
        _tell_stages(replace(report.run, stages=stages_of(clock.seconds)), output.as_json)
    return with_report(STATUS.get(report.verdict, 1), unwritten)


def _tell_stages(run: Run, err: bool) -> None:
    """Print where the time went, that of the report included; on stderr beside JSON."""
    from ..report.effort.stage_shares import stage_lines

    click.echo("\n".join(["", *stage_lines(run)]), err=err)


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
