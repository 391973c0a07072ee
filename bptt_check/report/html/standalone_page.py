"""Self-contained pages of other packages: no script, no request; the report's look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from .assets import asset_text, policy_without_script


def plain_page(package: str, name: str, filters: Mapping[str, Any], **values: Any) -> str:
    """The page of `name.html` and `name.css`, which lie in a package.

    Args:
        package: dotted name of the package.
        name: of template and style; the template gets `style` and `policy` for its head.
        filters: what the template may call, by name.
        values: what the template shows.
    """
    style = asset_text("templates", "style.css") + _own(package, f"{name}.css")

    def load(wanted: str) -> str:
        return (
            _own(package, wanted) if wanted == f"{name}.html" else asset_text("templates", wanted)
        )

    template = environment_of(load, filters).get_template(f"{name}.html")
    return template.render(style=style, policy=policy_without_script(style), **values)


def environment_of(load: Callable[[str], str], filters: Mapping[str, Any]) -> Any:
    """Templates, of which `load` gives the text; everything that is put into them is escaped."""
    import jinja2
    from markupsafe import Markup

    made: Any = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= filters
    made.globals |= {"raw": Markup}
    return made


def _own(package: str, name: str) -> str:
    return files(package).joinpath(name).read_bytes().decode()
