"""One self-contained page: no script, no request, nothing from outside; opens from a file."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib.resources import files
from typing import Any

from . import facts, sections
from .document import Run
from .sentences import headline


def render(run: Run) -> str:
    """The page of a run: the same run gives the same page, to the last byte."""
    made = [part for section in sections.SECTIONS if (part := section(run)) is not None]
    style = _text("style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _environment().get_template("page.html")
    return page.render(run=run, headline=headline(run), sections=made, style=style, digest=digest)


@functools.cache
def _environment() -> Any:
    """The templates; everything that is put into them is escaped."""
    import jinja2
    from markupsafe import Markup

    loader = jinja2.FunctionLoader(_text)
    made: Any = jinja2.Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {"number": facts.number, "plural": facts.plural}
    made.globals |= {"css": Markup}
    return made


def _text(name: str) -> str:
    return files("bptt_check.report").joinpath("templates", name).read_text(encoding="utf-8")
