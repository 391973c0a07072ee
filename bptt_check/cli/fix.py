"""`bptt-check fix`: the edit of the subject's own source that makes it right."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

import click

from .. import api
from ..cases.case import DTYPES
from ..runs.repairs.sentences import nothing_found, told_of
from ..runs.repairs.writing import write_repair
from ..runs.session import REPAIR_SECONDS
from .group import cli
from .shared import advice, oracle_option


@cli.command("fix")
@click.argument("subject")
@click.option("--model", multiple=True, metavar="NAME", help="Check this model only; repeatable.")
@oracle_option
@click.option(
    "--cases", default=api.CASES, show_default=True, metavar="N", help="Fresh cases of the proof."
)
@click.option("--dtype", multiple=True, metavar="NAME", help=f"{' or '.join(DTYPES)}; repeatable.")
@click.option(
    "--within", metavar="LIMITS", help="Limit the cases: 'T=1..300 H=8,16 initial_state=zero'."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=REPAIR_SECONDS,
    show_default=True,
    metavar="S",
    help="Seconds for the search; the proof takes its own.",
)
@click.option("--write", is_flag=True, help="Make the edit; a copy of each file is kept beside it.")
def fix_command(
    subject: str,
    model: Sequence[str],
    oracle: Sequence[str],
    cases: int,
    dtype: Sequence[str],
    within: str | None,
    timeout: float,
    write: bool,
) -> None:
    """Find the edit of SUBJECT's own source that makes its gradients right.

    Prints a unified diff and what it was verified by. Nothing is changed without --write.
    Exit status: 0 a repair that passes the whole check, 1 none.
    """
    with advice():
        with contextlib.redirect_stdout(sys.stderr):
            found = api.search_repair(
                subject,
                models=model or None,
                timeout=timeout,
                cases=cases,
                oracles=oracle or None,
                dtypes=tuple(dtype) or ("float64",),
                within=within,
            )
        if found.repair is None:
            click.echo(nothing_found(found))
            raise click.exceptions.Exit(1)
        click.echo(found.repair.diff, nl=False)
        click.echo(told_of(found.repair))
        if found.repair.verified is None:
            raise click.exceptions.Exit(1)
        if write:
            for kept in write_repair(found.repair, subject):
                click.echo(f"written; what was there before is {kept}")
