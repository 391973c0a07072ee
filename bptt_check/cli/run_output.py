"""What becomes of a run: where it is written, what is printed, and what services are told."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ReportError
from .shared import attempted

if TYPE_CHECKING:
    from ..runs.records import Run

AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class Output:
    """What becomes of a run.

    Args:
        folder: of its report.
        as_json: whether `run.json` is printed instead of a summary.
        profile: whether it is told where the time went.
        sarif: the file of remarks on lines; None for none.
        annotations: `auto`, `none`, or the service for which remarks are printed.
    """

    folder: str | None = None
    as_json: bool = False
    profile: bool = False
    sarif: str | None = None
    annotations: str = NONE


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Output`."""
    options = (
        click.option(
            "--report", type=click.Path(), metavar="DIR", help="Write a page and all records."
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print run.json instead of a summary."
        ),
        click.option("--profile", is_flag=True, help="Print where the time went, by stage."),
        click.option(
            "--sarif", type=click.Path(), metavar="FILE",
            help="Write the failures as SARIF, on the lines that they are about.",
        ),
        click.option(
            "--annotations", type=click.Choice((AUTO, NONE, "github", "azure")), default=AUTO,
            show_default=True, help="Mark those lines in a pull request of this service.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def tell_services(run: Run, output: Output) -> ReportError | None:
    """Write and print the remarks that were asked for; returns why a file could not be written."""
    from ..report.annotations.annotation import annotations_of
    from ..report.annotations.sarif import to_sarif
    from ..report.annotations.workflow_commands import service_of, workflow_commands
    from ..report.files import write_file

    asked = output.annotations
    service = service_of(os.environ) if asked == AUTO else "" if asked == NONE else asked
    if not (service or output.sarif):
        return None
    found = annotations_of(run)
    for line in workflow_commands(found, service):
        click.echo(line, err=True)  # services read both streams; what is piped stays what it is
    if output.sarif is None:
        return None
    path, version = Path(output.sarif), run.environment.get("bptt_check", "")
    return attempted(lambda: write_file(path, to_sarif(found, version)))[1]
