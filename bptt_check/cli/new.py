"""`bptt-check new`: a subject, its test and a README, to start from."""

from __future__ import annotations

import click

from . import scaffold
from .group import cli
from .shared import advice


@cli.command("new")
@click.argument("folder", metavar="NAME", type=click.Path())
@click.option(
    "--kind",
    type=click.Choice(list(scaffold.KINDS)),
    default="numpy",
    show_default=True,
    help="What the subject is written with.",
)
def new_command(folder: str, kind: str) -> None:
    """Write a folder NAME with a subject, its test and a README, that pass as they are."""
    with advice():
        for path in scaffold.write_subject(folder, kind):
            click.echo(path)
    click.echo(f"try it: pytest {folder}")
