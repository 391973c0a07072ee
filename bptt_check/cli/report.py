"""`bptt-check report`: render the page of a run again from its records."""

from __future__ import annotations

import click

from ..report import load
from .shared import advice, cli


@cli.command("report")
@click.argument("folder", metavar="RUN_DIR", type=click.Path())
def report_command(folder: str) -> None:
    """Render the page of a run again from its records."""
    from ..report import store

    with advice():
        found = load(folder)
        page = store.write_page(folder, found)
    click.echo(f"{found.verdict}  {found.subject}\nreport: {page}")
