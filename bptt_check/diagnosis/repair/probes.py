"""Small changes of one statement each, by which it is seen which gradients it reaches.

Numbers become a little larger, also where they are zero; integers one more and one less; a
condition turns around; a loop has no turns, or lacks its first; a call for its effect is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...mutation import Edit
from ...mutation.missing import Shape
from ...mutation.sites import Site, sites
from .candidates import Place, Seen
from .messages import FunctionText
from .own_file import OwnFile

BY = "1.0078125"
"""The factor of a probe: exact in every precision."""
MORE = "0.0078125"
"""What a probe adds: zeros times a factor are zeros."""


@dataclass(frozen=True)
class LineProbe:
    """One statement changed a little."""

    place: Place
    function: FunctionText


def line_probes(files: Sequence[OwnFile], seen: Seen) -> Iterator[LineProbe]:
    """Probes of the statements that ran; of one that gives several values several, each also as one
    of the line on which that value is written.
    """
    for file in files:
        ran = {k[1:] for k in seen if k[0] == file.path}
        shapes: dict[str, dict[str, Shape]] = {}
        for (path, function, _), around in seen.items():
            if path == file.path:
                shapes.setdefault(function, {}).update(around.shapes)
        for site in sites(file.source):
            if site.node is site.statement and (site.function, site.statement.lineno) in ran:
                for edit in _changes(site, shapes[site.function]):
                    text = file.function_with(edit)
                    if text is not None:
                        yield LineProbe((file.path, site.statement.lineno), text)
                        line = site.text.line_at(edit.start)
                        if line != site.statement.lineno:
                            yield LineProbe((file.path, line), text)


def _changes(site: Site, shapes: Mapping[str, Shape]) -> Iterator[Edit]:
    node = site.statement
    if isinstance(node, ast.If):
        yield site.replace(node.test, f"not ({site.text_of(node.test)})")
    elif isinstance(node, ast.For):
        yield site.replace(node.iter, f"list({site.text_of(node.iter)})[1:]")
        yield site.replace(node.iter, "()")
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _arguments(site, node.value)
        yield site.replace(node, "pass")
    elif isinstance(node, ast.Assign) and _is_taken_apart(node):
        yield from _each_name(site, node)
        if isinstance(node.value, ast.Call):
            yield from _arguments(site, node.value)
    elif isinstance(node, ast.Assign | ast.AugAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        yield from _larger(site, node.value, shapes.get(ast.unparse(target)))
    elif isinstance(node, ast.Return) and node.value is not None:
        yield from _larger(site, node.value, None)


def _is_taken_apart(node: ast.Assign) -> bool:
    """Whether several names get the elements of one value that is not written out."""
    return isinstance(node.targets[0], ast.Tuple) and not isinstance(node.value, ast.Tuple)


def _each_name(site: Site, node: ast.Assign) -> Iterator[Edit]:
    """Each name that an element is given to, made larger behind the statement."""
    names = [n for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)]
    for name in dict.fromkeys(n.id for n in names if isinstance(n.ctx, ast.Store)):
        yield site.replace(node, f"{site.text_of(node)}; {name} = {name} * {BY} + {MORE}")


def _arguments(site: Site, call: ast.Call) -> Iterator[Edit]:
    """Each argument of a call made larger."""
    for argument in call.args:
        if not _is_count(argument):
            yield from _larger(site, argument, None)


def _larger(site: Site, value: ast.expr, shape: Shape | None) -> Iterator[Edit]:
    """A value, or each of several, made larger."""
    for part in _parts(value):
        text = site.text_of(part)
        if isinstance(part, ast.Starred) or _is_no_number(part):
            continue
        if shape == "int":
            yield from (site.replace(part, f"({text}) {by}") for by in ("+ 1", "- 1"))
        elif shape == "list" and part is value:
            yield site.replace(part, f"[_one * {BY} + {MORE} for _one in {text}]")
        else:
            yield site.replace(part, f"({text}) * {BY} + {MORE}")


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    """A value, or each that a tuple, a list or a dict of values holds."""
    if isinstance(value, ast.Tuple | ast.List):
        for one in value.elts:
            yield from _parts(one)
    elif isinstance(value, ast.Dict):
        for one in value.values:
            yield from _parts(one)
    else:
        yield value


def _is_count(node: ast.expr) -> bool:
    """Whether an expression is an integer that is written down: an axis, a place."""
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_no_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
