"""`bptt-check report`: render the page of a run again from its records."""

from __future__ import annotations

import click

from ..report.report import load
from .shared import advice, cli


@cli.command("report")
@click.argument("folder", metavar="RUN_DIR", type=click.Path())
@click.option("--index", is_flag=True, help="List all runs below RUN_DIR in a page, runs.html.")
def report_command(folder: str, index: bool) -> None:
    """Render the page of a run again from its records."""
    from ..report import folder as store
    from ..report.html import runs_page

    if index:
        with advice():
            click.echo(f"runs: {runs_page.write(folder)}")
        return
    with advice():
        found = load(folder)
        page = store.write_page(folder, found)
    click.echo(f"{found.verdict}  {found.subject}\nreport: {page}")
