"""A run as a notebook shows it below a cell: no script, no style sheet that could reach others."""

from __future__ import annotations

from ...runs.records import Run
from ..facts.compared_table import compared_table
from ..headline import extent, headline
from ..sentences import message
from .edited_source import edited_source
from .page import page_templates

TABLES = 3
"""Wrong gradients that are shown as matrices."""


def notebook_of_run(run: Run) -> str:
    """Verdict and headline, the repair and the wrong gradients of the first failure, and folded the
    message.
    """
    first = run.failures[0] if run.failures else None
    searches = [s for s in run.searches if first is not None and s.check == first.check]
    compared = first.compared[:TABLES] if first is not None else ()
    template = page_templates().get_template("notebook.html")
    return template.render(
        run=run,
        headline=headline(run),
        extent=extent(run),
        searches=[edited_source(searched) for searched in searches],
        tables=list(map(compared_table, compared)),
        message=message(run),
    )
