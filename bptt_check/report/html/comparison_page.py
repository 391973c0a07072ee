"""A comparison as a page and as JSON; the page needs no script and loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import folder as store
from ..comparison import KINDS, Comparison, headline
from ..document import clean
from .assets import assets
from .page import environment

PAGE = "compare.html"
SHOWN = 2000
"""Changes on the page; the worst ones, the JSON has them all."""


def write(folder: str, found: Comparison, base: str, run: str) -> Path:
    """Write `compare.html` into a folder; `base` and `run` are how the reader calls the two.

    Raises:
        ReportError: the folder cannot be written.
    """
    path = store.made(folder) / PAGE
    store.write_file(path, render(found, base, run).encode())
    return path


def render(found: Comparison, base: str, run: str) -> str:
    """The page of a comparison."""
    changed = [change for change in found.changes if change.kind != "same"]
    page = environment().get_template("compare.html")
    return page.render(
        found=found,
        headline=headline(found),
        kinds=KINDS,
        changes=changed[:SHOWN],
        left=len(changed) - SHOWN,
        names={"base": clean(base), "run": clean(run)},
        assets=assets(),
    )


def to_json(found: Comparison) -> bytes:
    """The comparison as JSON: counts, threshold and every change that is one."""
    return store.encoded(
        {
            "verdict": "worse" if found.is_worse else "ok",
            "threshold": found.threshold,
            "counts": found.counts,
            "declined": found.declined,
            "failures": [
                {"check": f.check, "model": f.model, "verdict": f.verdict} for f in found.failures
            ],
            "changes": [_change(change) for change in found.changes if change.kind != "same"],
        }
    )


def _change(change: Any) -> dict[str, Any]:
    row = change.row
    names = ("check", "model", "parameter", "oracle")
    sides = {
        name: None if side is None else _side(side)
        for name, side in (("before", change.before), ("after", change.after))
    }
    return {"kind": change.kind, **{name: getattr(row, name) for name in names}, **sides}


def _side(row: Any) -> dict[str, Any]:
    names = ("verdict", "max_budgets", "max_rel", "worst_spec")
    return {name: store.strict(getattr(row, name)) for name in names}
