"""`python -m gallery DIR`: formulas as printed, judged."""

from __future__ import annotations

import click

from bptt_check.errors import ReportError
from bptt_check.report.files import made

from .judge import judge_gallery
from .page import page


@click.command("gallery")
@click.argument("folder", metavar="DIR", default="reports", type=click.Path())
@click.option("--cases", default=12, show_default=True, metavar="N", help="Cases per formula.")
def main(folder: str, cases: int) -> None:
    """Judge the formulas of teaching texts, as printed and as corrected, and write a page."""
    try:
        made(folder)  # before anything is judged, which takes long
    except ReportError as error:
        raise click.UsageError(str(error)) from error
    judged = judge_gallery(cases=cases)
    for one in judged:
        mark = "as expected" if one.expected else "UNEXPECTED"
        click.echo(f"{one.entry.name:<44} {one.report.verdict:<6} {mark}")
    click.echo(f"gallery: {page(folder, judged)}")
    raise click.exceptions.Exit(0 if all(one.expected for one in judged) else 1)


if __name__ == "__main__":
    main(prog_name="gallery")
