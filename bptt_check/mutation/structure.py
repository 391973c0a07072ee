"""Edits of what is read, written and visited: time, indices, gates, statements, names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .mutant import Edit
from .sites import Site

AUGMENTED: dict[type[ast.operator], str] = {
    ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/=", ast.BitOr: "|=",
}  # fmt: skip


def shift_time(site: Site) -> Iterator[Edit]:
    """An array read or written one step off, in a loop over time: `h[t]` becomes `h[t - 1]`."""
    node = site.node
    if not isinstance(node, ast.Subscript):
        return
    for index in _indices(node):
        if isinstance(index, ast.Name) and index.id in site.loops:
            yield site.replace(index, f"{index.id} - 1")
            yield site.replace(index, f"{index.id} + 1")


def shift_slice(site: Site) -> Iterator[Edit]:
    """A bound of a slice moved by one or left out; `[:-1]` becomes `[1:]`."""
    node = site.node
    if not isinstance(node, ast.Subscript):
        return
    for index in (i for i in _indices(node) if isinstance(i, ast.Slice)):
        text = site.text_of(index).replace(" ", "")
        turned = {":-1": "1:", "1:": ":-1", "::-1": ":"}.get(text)
        if turned:
            yield site.replace(index, turned)
            continue
        for bound in (b for b in (index.lower, index.upper) if b is not None):
            if not isinstance(bound, ast.Constant):  # those are changed as numbers
                yield site.replace(bound, f"{site.text_of(bound)} + 1")
                yield site.replace(bound, f"{site.text_of(bound)} - 1")
            start, end = site.text.span(bound)
            yield Edit(start, end, "")


def drop_index(site: Site) -> Iterator[Edit]:
    """The whole in place of a slice of it."""
    node = site.node
    if not (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
        return
    if isinstance(node.slice, (ast.Slice, ast.Attribute)):
        yield site.replace(node, site.operand(node.value))


def change_range(site: Site) -> Iterator[Edit]:
    """A loop that starts or ends one step off, or runs the other way."""
    node = site.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return
    if node.func.id == "reversed" and len(node.args) == 1:
        yield site.replace(node, site.text_of(node.args[0]))
    elif node.func.id == "range" and len(node.args) == 1:
        (stop,) = node.args
        yield site.replace(stop, f"1, {site.text_of(stop)}")
        yield site.replace(stop, f"{site.text_of(stop)} - 1")
    elif node.func.id == "range":
        for bound in node.args:
            yield site.replace(bound, f"{site.text_of(bound)} + 1")
            yield site.replace(bound, f"{site.text_of(bound)} - 1")
    elif node.func.id in ("min", "max"):
        for bound in node.args:
            if not isinstance(bound, (ast.GeneratorExp, ast.Starred)):
                yield site.replace(node, f"({site.text_of(bound)})")


def assign_for_add(site: Site) -> Iterator[Edit]:
    """`=` for `+=`, `-=`, `*=`, `/=` or `|=`: what was there before is lost."""
    node = site.node
    if isinstance(node, ast.AugAssign) and type(node.op) in AUGMENTED:
        yield site.between(node.target, node.value, AUGMENTED[type(node.op)], "=")


def delete_statement(site: Site) -> Iterator[Edit]:
    """A statement left out, unless it is the one that gives a name its first value."""
    node = site.node
    if isinstance(node, (ast.AugAssign, ast.Expr, ast.If)):
        yield site.replace(node, "pass")
    elif isinstance(node, ast.Assign):
        names = [n for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        stored = [n for n in names if isinstance(n.ctx, ast.Store)]
        if all(site.bound[n.id] < node.lineno for n in stored):
            yield site.replace(node, "pass")


def swap_gates(site: Site) -> Iterator[Edit]:
    """Two names exchanged where a tuple is unpacked or a list is put together."""
    node = site.node
    if not isinstance(node, (ast.Tuple, ast.List)):
        return
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        return
    named = [n for n in node.elts if isinstance(n, ast.Name) and n.id != "_"]
    for k, one in enumerate(named):
        for other in named[k + 1 :]:
            (a, b), (c, d) = site.text.span(one), site.text.span(other)
            yield Edit(a, d, site.text_of(other) + site.text.text[b:c] + site.text_of(one))


def _indices(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
