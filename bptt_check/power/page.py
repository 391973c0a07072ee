"""The study as one self-contained page: no script, no request; the report's look."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from . import tables
from .records import Power
from .terminal import share


def render(power: Power) -> str:
    """The page: the same records give the same page, to the last byte."""
    style = _text("report", "templates", "style.css") + _text("power", "power.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        power=power,
        verdict="pass" if power.passed else "fail",
        columns=tables.columns(power),
        by_function=tables.by_function(power) if power.fates else [],
        by_operator=tables.by_operator(power) if power.fates else [],
        within={n: tables.within(power, n) for n in tables.columns(power)},
        contests=tables.contests(power),
        style=style,
        digest=digest,
    )


def _template() -> Any:
    """The template; everything that is put into it is escaped."""
    import jinja2
    from markupsafe import Markup

    made: Any = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _text("power", name)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {"share": share, "thousands": lambda number: f"{number:,}"}
    made.globals |= {"css": Markup}
    return made.get_template("power.html")


def _text(*path: str) -> str:
    return files("bptt_check").joinpath(*path).read_text(encoding="utf-8")
