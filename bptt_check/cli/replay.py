"""`bptt-check replay`: one case again, in full detail."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

import click

from .. import api
from ..second_opinion import taylor
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

NO_LOSS = ("error", "unsupported")
"""Verdicts of a subject whose own loss cannot be asked for nearby."""


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
            given = read_case(case)
            report = api.check(named, given, oracle or None, timeout)
            test = None if report.verdict in NO_LOSS else taylor(named, given, timeout=timeout)
        terminal.show_case(report, Console())
        if test is not None:
            terminal.show_taylor(test, Console())
    raise click.exceptions.Exit(STATUS.get(report.verdict, 1))
