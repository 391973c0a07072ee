"""`bptt-check replay`: one case again, in full detail."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Sequence
from typing import Any

import click

from .. import api
from ..cases.case import DTYPES, Case, Spec
from ..cases.reading import read_case
from ..errors import BpttCheckError, printable
from ..own_loss.taylor_of_subject import taylor
from ..runs.check import Setup
from ..runs.diagnosed.what_is_wrong import findings_of_case
from ..runs.errors.compared_arrays import compared_arrays
from ..runs.own_arrays import layout_of
from ..runs.repairs.sentences import headline_of, search_lines
from ..verdicts.verdict import Verdict
from .group import cli
from .shared import (
    STATUS,
    Limits,
    accuracy_option,
    advice,
    limit_options,
    oracle_option,
    subject_argument,
    subject_of,
)

NO_LOSS = (Verdict.ERROR, Verdict.UNSUPPORTED)
"""Verdicts of a subject whose own loss cannot be asked for nearby."""


@cli.command("replay")
@click.argument("case", metavar="SPEC_OR_NPZ")
@subject_argument
@oracle_option
@accuracy_option
@click.option("--fix", is_flag=True, help="Look for the edit that makes a failing SUBJECT right.")
@limit_options
def replay_command(
    case: str, subject: str, oracle: Sequence[str], accuracy: float, fix: bool, **limits: Any
) -> None:
    """Check SUBJECT on one case again, in full detail."""
    from rich.console import Console

    from ..report import terminal

    with advice():
        kept = Limits(**limits)
        # the subject first: its module may register the cell of the case
        with contextlib.redirect_stdout(sys.stderr), subject_of(subject, kept) as named:
            given = read_case(case)
            report = api.check(named, given, oracle or None, kept.timeout, accuracy=accuracy)
            setup = Setup(
                api.load_oracles(oracle or None), api.tolerance_of(accuracy), kept.timeout
            )
            findings = findings_of_case(named, setup, report)
            compared = compared_arrays(report, layout_of(named, report.case))
            asked = report.verdict not in NO_LOSS
            test = taylor(named, given, timeout=kept.timeout) if asked else None
        terminal.show_case(report, Console(), findings, compared)
        if test is not None:
            terminal.show_taylor(test, Console(), report.own)
        if report.verdict.failing and isinstance(given, Case) and given.spec is not None:
            click.echo("\n" + _about_repair(subject, given.spec, oracle, fix))
    raise click.exceptions.Exit(STATUS.get(report.verdict, 1))


def _about_repair(subject: str, spec: Spec, oracle: Sequence[str], fix: bool) -> str:
    """What a search for a repair finds, or the command that makes one."""
    if not fix:
        return f"to look for the edit that makes it right: {_command(subject, spec)}"
    with contextlib.redirect_stdout(sys.stderr):
        try:
            found = api.search_repair(
                subject, models=[str(spec.model)], oracles=oracle or None, dtypes=(spec.dtype,)
            )
        except BpttCheckError as error:
            return printable(f"no edit was searched for: {error}")
    return printable("\n".join([headline_of(found), *search_lines(found)[1:]]))


def _command(subject: str, spec: Spec) -> str:
    dtype = [] if spec.dtype == DTYPES[0] else ["--dtype", spec.dtype]
    return shlex.join(["bptt-check", "fix", subject, "--model", str(spec.model), *dtype])
