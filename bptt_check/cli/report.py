"""`bptt-check report`: render the page of a run again from its records."""

from __future__ import annotations

import click

from ..errors import clean
from ..report.folder import load_run, write_page
from .group import cli
from .shared import advice, shown_run


@cli.command("report")
@click.argument("folder", metavar="RUN_DIR", type=click.Path())
@click.option("--index", is_flag=True, help="List all runs below RUN_DIR in a page, runs.html.")
def report_command(folder: str, index: bool) -> None:
    """Render the page of a run again from its records."""
    from ..report.html import runs_page

    if index:
        with advice(), shown_run(folder):
            index_page = runs_page.write_index(folder)
        click.echo(f"runs: {clean(str(index_page))}")
        return
    with advice(), shown_run(folder):
        run = load_run(folder)
        page = write_page(folder, run)
    click.echo(f"{run.verdict}  {run.subject}\nreport: {clean(str(page))}")
