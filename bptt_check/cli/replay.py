"""`bptt-check replay`: one case again, in full detail."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

import click

from .. import api
from .shared import (
    STATUS,
    advice,
    cli,
    load_subject,
    oracle_option,
    read_case,
    subject_argument,
    timeout_option,
)


@cli.command("replay")
@click.argument("case", metavar="SPEC_OR_NPZ")
@subject_argument
@oracle_option
@timeout_option
def replay_command(case: str, subject: str, oracle: Sequence[str], timeout: float | None) -> None:
    """Check SUBJECT on one case again, in full detail."""
    from rich.console import Console

    from ..report import terminal

    with advice():
        with contextlib.redirect_stdout(sys.stderr):
            named = load_subject(subject)  # first: its module may register the cell of the case
            report = api.check(named, read_case(case), oracle or None, timeout)
        terminal.show_case(report, Console())
    raise click.exceptions.Exit(STATUS.get(report.verdict, 1))
