"""Edits that put one thing in the place of another of the same shape, and shift what is read."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from ..mutant import Edit
from ..sites import Site
from .shapes import Surroundings, beside, is_atom

NAMES = (ast.Name, ast.Attribute, ast.Subscript)


def other_name(site: Site, around: Surroundings) -> Iterator[Edit]:
    """Another name, attribute or element of the same shape."""
    node = site.node
    if isinstance(node, NAMES) and isinstance(node.ctx, ast.Load):
        own = ast.unparse(node)
        turned = site.text.text.startswith(".T", site.text.span(node)[1])
        for text in around.alike(around.of(node)):
            if text != own and is_atom(text) and not (turned and text.endswith(".T")):
                yield site.replace(node, text)


def other_expression(site: Site, around: Surroundings) -> Iterator[Edit]:
    """Another expression of the function that has the same shape."""
    node = site.node
    stored = isinstance(node, NAMES) and not isinstance(node.ctx, ast.Load)
    if not isinstance(node, ast.expr) or stored or isinstance(node, ast.Constant):
        return
    own = ast.unparse(node)
    for text in around.alike(around.of(node)):
        both_names = isinstance(node, NAMES) and is_atom(text)
        if text != own and not both_names:
            yield site.replace(node, beside(text))


def other_target(site: Site, around: Surroundings) -> Iterator[Edit]:
    """Another name of the same shape that gets a value."""
    node = site.node
    if isinstance(node, ast.AugAssign):
        target = node.target
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    else:
        return
    for text in around.alike(around.of(target)):
        if text != ast.unparse(target) and is_atom(text) and "(" not in text:
            yield site.replace(target, text)


def swap_elements(site: Site, _: Surroundings) -> Iterator[Edit]:
    """Two elements of what is returned or put together, or two arguments, exchanged."""
    node = site.node
    if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        parts = node.elts
    elif isinstance(node, ast.Call):
        parts = node.args
    elif isinstance(node, ast.Dict):
        parts = node.values
    else:
        return
    for one, other in itertools.combinations(parts, 2):
        (a, b), (c, d) = site.text.span(one), site.text.span(other)
        yield Edit(a, d, site.text_of(other) + site.text.text[b:c] + site.text_of(one))


def shift_index(site: Site, around: Surroundings) -> Iterator[Edit]:
    """An element one further, or one before, whatever kind of loop gives the index."""
    node = site.node
    if not isinstance(node, ast.Subscript):
        return
    indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for index in indices:
        if isinstance(index, ast.Slice | ast.Constant) or around.of(index) != "int":
            continue
        text = site.text_of(index)
        yield from (site.replace(index, f"{text} {by}") for by in ("- 1", "+ 1"))
        if isinstance(index, ast.BinOp):
            yield site.replace(index, site.text_of(index.left))


def other_start(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A loop backwards that goes forwards, and the other way round."""
    node = site.node
    if isinstance(node, ast.For):
        text = site.text_of(node.iter)
        is_range = isinstance(node.iter, ast.Call) and text.startswith(("range(", "reversed("))
        turned = text if is_range else f"list({text})"
        yield site.replace(node.iter, f"reversed({turned})")
        if text.startswith("range("):
            yield site.replace(node.iter, f"list({text})[1:]")
            yield site.replace(node.iter, f"list({text})[:-1]")


def fixed_test(site: Site, _: Surroundings) -> Iterator[Edit]:
    """A condition that always holds, or never."""
    node = site.node
    if isinstance(node, ast.If | ast.IfExp):
        yield site.replace(node.test, "True")
        yield site.replace(node.test, "False")


def add_for_assign(site: Site, around: Surroundings) -> Iterator[Edit]:
    """`+=` for `=`: what was there before is kept; in a dict, if something was."""
    node = site.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, NAMES):
            yield site.between(target, node.value, "=", "+=")
        if isinstance(target, ast.Subscript) and around.of(target.value) == "dict":
            before = f"{site.text_of(target.value)}.get({site.text_of(target.slice)}, 0)"
            start, _ = site.text.span(node.value)
            yield Edit(start, start, f"{before} + ")


def before_kept(site: Site, _: Surroundings) -> Iterator[Edit]:
    """What a name held before, added to what it gets."""
    node = site.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, NAMES):
            start, _end = site.text.span(node.value)
            yield Edit(start, start, f"{site.text_of(target)} + ")


def new_array(site: Site, _: Surroundings) -> Iterator[Edit]:
    """A new array, where `+=` or `*=` writes into one that something else may hold."""
    node = site.node
    plain = isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name | ast.Attribute)
    if plain and isinstance(node, ast.AugAssign) and type(node.op) in SIGNS:
        target, value = site.text_of(node.target), site.text_of(node.value)
        sign = SIGNS[type(node.op)]
        right = value if sign == "+" else site.operand(node.value)
        yield site.replace(node, f"{target} = {target} {sign} {right}")


SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
}  # fmt: skip
