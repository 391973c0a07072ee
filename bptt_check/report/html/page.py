"""One self-contained page: no request, nothing from outside; opens from a file.

The record of the run is embedded whole; the script only arranges it. Verdict, failures and
overview are markup and need no script.
"""

from __future__ import annotations

import functools
from typing import Any

from ...cases.written.reproduction import reproduction
from ...errors import LONGEST_LINE, enumerated
from ...runs.records import Run
from .. import grouping, run_json
from ..strict_json import encoded
from . import sections
from .assets import asset_text, assets, deflated
from .glossary import TERMS
from .script_data import page_data
from .standalone_page import environment_of


def render_run(run: Run, study: str = "", comparison: str = "") -> str:
    """The page of a run: the same run gives the same page, to the last byte.

    Args:
        run: to be shown.
        study: address of the page of a power study that lies beside it.
        comparison: the same of a comparison with an earlier run.
    """
    parts = [part for part in sections.sections_of(run, study) if part is not None]
    page = page_templates().get_template("page.html")
    return page.render(
        run=run,
        title=f"{run.verdict}: {run.subject}",
        version=run.environment.get("bptt_check", ""),
        sections=parts,
        terms=TERMS,
        comparison=comparison,
        assets=assets(),
        records=deflated(encoded(_records(run))),
    )


def _records(run: Run) -> dict[str, Any]:
    """What the script gets: the record as it is on the disk, which fields are tables, the rest."""
    tables, page = run_json.TABLES, page_data(run)
    return {"run": run_json.builtins(run), "tables": tables, "page": page}


@functools.cache
def page_templates() -> Any:
    """The templates; everything that is put into them is escaped."""
    filters: dict[str, Any] = {
        "number": grouping.number,
        "plural": grouping.plural,
        "again": reproduction,
    }
    filters |= {"some": lambda names: enumerated(names, sections.MOST_NAMES, LONGEST_LINE)}
    return environment_of(lambda name: asset_text("templates", name), filters)
