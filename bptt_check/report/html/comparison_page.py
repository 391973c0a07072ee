"""A comparison as a page and as JSON; the page needs no script and loads nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import clean
from ...runs.records import Summary
from ..called import called_in
from ..files import COMPARISON, PAGE, made, write_file
from ..several_runs.checked_differently import checked_differently, found_differently
from ..several_runs.comparison import (
    KINDS,
    Change,
    Comparison,
    by_gradient,
    comparison_headline,
)
from ..strict_json import encoded, strict
from ..systematic.changes import change_to_json
from .assets import assets
from .page import page_templates

FAILURES = 200
"""Models on the page that newly failed or are declined now, and systematic errors; the JSON has
them all."""
SHOWN = 2000
"""Changes on the page; the worst ones, the JSON has them all."""


def write_comparison(folder: str, comparison: Comparison, base: str, run: str) -> Path:
    """Write `compare.html` into a folder; `base` and `run` are how the reader calls the two.

    Raises:
        ReportError: the folder cannot be written.
    """
    path = made(folder) / COMPARISON
    links = {name: _address(given, path.parent) for name, given in (("base", base), ("run", run))}
    write_file(path, render_comparison(comparison, base, run, links).encode())
    return path


def _address(given: str, folder: Path) -> str:
    """The address of the page of a run from a folder; "" where it has none, or no file can have
    that name.
    """
    path = Path(given) / PAGE if os.path.isdir(given) else Path(given).parent / PAGE
    return quote(os.fsencode(os.path.relpath(path, folder))) if os.path.isfile(path) else ""


def render_comparison(
    comparison: Comparison, base: str, run: str, links: Mapping[str, str] | None = None
) -> str:
    """The page of a comparison; `links` are the addresses of the pages of `base` and `run`."""
    changed = by_gradient(found_differently(comparison))
    checks = checked_differently(comparison)
    page = page_templates().get_template("compare.html")
    return page.render(
        comparison=comparison,
        headline=comparison_headline(comparison),
        kinds=KINDS,
        changes=changed[:SHOWN],
        called=called_in(comparison.base, comparison.run),
        left=len(changed) - SHOWN,
        checks=checks[:SHOWN],
        checks_left=len(checks) - SHOWN,
        failures=comparison.failures[:FAILURES],
        shared=comparison.shared[:FAILURES],
        declined=comparison.declined[:FAILURES],
        untold={
            "newly failed model": len(comparison.failures[FAILURES:]),
            "systematic error that is new or gone": len(comparison.shared[FAILURES:]),
            "newly declined model": len(comparison.declined[FAILURES:]),
        },
        names={"base": clean(base), "run": clean(run)},
        links=links or {"base": "", "run": ""},
        assets=assets(),
    )


def comparison_to_json(comparison: Comparison) -> bytes:
    """The comparison as JSON: counts, threshold and every change that is one."""
    return encoded(
        {
            "verdict": "worse" if comparison.is_worse else "ok",
            "threshold": comparison.threshold,
            "counts": comparison.counts,
            "declined": comparison.declined,
            "failures": [
                {"check": f.check, "model": f.model, "verdict": f.verdict}
                for f in comparison.failures
            ],
            "systematic": [change_to_json(change) for change in comparison.shared],
            "changes": [_change(change) for change in comparison.changes if change.kind != "same"],
        }
    )


def _change(change: Change) -> dict[str, Any]:
    row = change.row
    names = ("check", "model", "parameter", "oracle")
    sides = {
        name: None if side is None else _side(side)
        for name, side in (("before", change.before), ("after", change.after))
    }
    return {"kind": change.kind, **{name: getattr(row, name) for name in names}, **sides}


def _side(row: Summary) -> dict[str, Any]:
    names = ("verdict", "max_budgets", "max_rel", "worst_spec")
    return {name: strict(getattr(row, name)) for name in names}
