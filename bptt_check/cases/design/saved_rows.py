"""Rows of coverings that earlier processes have searched for: a search takes up to a second."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from ..written.kept import keep, kept_file, read_kept
from .recipe import Recipe
from .space import Space

Rows = tuple[Recipe, ...]
MOST = 2_000
"""Coverings that are kept, about 7 kB each."""
SOURCES = (Path(__file__).parents[1],)
"""Of all that a row depends on."""


def load_or_search(space: Space, start: str, search: Callable[[str], Iterable[Recipe]]) -> Rows:
    """The rows of a covering, the same whether they are found or searched for.

    Args:
        space: that is covered.
        start: what else the search starts from.
        search: for the rows, given the start.
    """
    path = kept_file("designs", (space, start), SOURCES)
    rows = () if path is None else _read(path)
    if rows:
        return rows
    rows = tuple(search(start))
    if path is not None:
        keep(path, json.dumps(rows).encode(), MOST)
    return rows


def _read(path: Path) -> Rows:
    """The rows in a file; none if there is none that can be read."""
    content = read_kept(path)
    try:
        return () if content is None else tuple(_row(fields) for fields in json.loads(content))
    except (ValueError, TypeError):  # whatever is wrong with it, rows can be searched for
        return ()


def _row(fields: list[object]) -> Recipe:
    """A recipe out of its fields as JSON has them."""
    return Recipe._make(tuple(f) if isinstance(f, list) else f for f in fields)
