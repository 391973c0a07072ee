"""Statements that somebody deleted: a carry that never changes, a list that never grows, a path."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ...subjects.origin.module_source import assigned_pairs
from ..mutant import Edit
from ..sites import bound_in
from ..source import Text
from .formulas import products
from .shapes import Surroundings, is_atom
from .statements import LOOPS, BlockOfStatements, after

GROWING = ("append", "insert", "extend", "appendleft")
"""Methods by which a list grows."""


def lost_carries(
    text: Text,
    block: BlockOfStatements,
    function: ast.FunctionDef,
    seen: Mapping[int, Surroundings],
) -> Iterator[tuple[int, Edit]]:
    """A value at the end of the body of a loop for what begins before it, is read in it and never
    gets another: of what the loop computes in that shape.
    """
    last, loop = block.body[-1], block.loop
    around = seen.get(last.lineno)
    if loop is None or isinstance(last, LOOPS) or around is None:
        return
    inside = _names(loop, ast.Store)
    for name in sorted(_never_carried(function, loop)):
        shape = around.shapes.get(name)
        if not shape or isinstance(shape, str):
            continue
        values = [t for t in around.alike(shape) if t != name and _root(t) in inside]
        values += [t for t in products(around, shape) if inside & _roots(t)]
        for value in dict.fromkeys(values):
            yield last.lineno, after(text, last, f"{name} = {value}")


def _never_carried(function: ast.FunctionDef, loop: ast.stmt) -> set[str]:
    """Locals that begin before a loop, are read in it whole, and get nothing there; none that is
    unpacked from something.
    """
    begun = {n for n, line in bound_in(function).items() if function.lineno < line < loop.lineno}
    elements = {
        n.value.id
        for n in ast.walk(loop)
        if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.value, ast.Name)
    }
    unpacked = {
        n.id
        for s in ast.walk(function)
        if isinstance(s, ast.Assign) and not isinstance(s.value, ast.Tuple)
        for t in s.targets
        if isinstance(t, ast.Tuple | ast.List)
        for n in ast.walk(t)
        if isinstance(n, ast.Name)
    }  # weights and kept values, as a rule
    return (begun & _names(loop, ast.Load)) - elements - unpacked - _names(loop, ast.Store)


def lost_appends(
    text: Text,
    block: BlockOfStatements,
    function: ast.FunctionDef,
    seen: Mapping[int, Surroundings],
) -> Iterator[tuple[int, Edit]]:
    """What a list gets that begins before a loop and grows nowhere: an array of the loop, at the
    end of its body.
    """
    last, loop = block.body[-1], block.loop
    around = seen.get(last.lineno)
    if loop is None or isinstance(last, LOOPS) or around is None:
        return
    inside = _names(loop, ast.Store)
    for name in sorted(_lists_that_never_grow(function, loop)):
        for value, shape in around.arrays():
            if shape and value in inside:
                yield last.lineno, after(text, last, f"{name}.append({value})")


def _lists_that_never_grow(function: ast.FunctionDef, loop: ast.stmt) -> set[str]:
    """Locals that a list is written down for before a loop, and that get nothing anywhere."""
    found: set[str] = set()
    grown: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and node.lineno < loop.lineno:
            pairs = (pair for t in node.targets for pair in assigned_pairs(t, node.value))
            found |= {name for name, value in pairs if isinstance(value, ast.List)}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            grown |= {ast.unparse(node.func.value)} if node.func.attr in GROWING else set()
        elif isinstance(node, ast.AugAssign):
            grown.add(ast.unparse(node.target))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            grown.add(ast.unparse(node.value))
    return found - grown


def lost_paths(
    text: Text, block: BlockOfStatements, seen: Mapping[int, Surroundings]
) -> Iterator[tuple[int, Edit]]:
    """A statement before another that adds to a local that it reads a product of two things."""
    for statement in block.body:
        around = seen.get(statement.lineno)
        if around is None or not isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr):
            continue
        written = _names(statement, ast.Store)
        for name in sorted(_names(statement, ast.Load) - written):
            shape = around.shapes.get(name)
            if not shape or isinstance(shape, str):
                continue
            for value in products(around, shape):
                if name not in _roots(value):
                    new = f"{name} = {name} + {value}"
                    yield statement.lineno, _before(text, statement, new)


def _before(text: Text, statement: ast.stmt, new: str) -> Edit:
    """A new statement on a line of its own before another."""
    start = text.span(statement)[0]
    first = text.start_of(statement.lineno)
    indentation = text.text[first:start]
    if indentation.strip():  # behind another on its line
        return Edit(start, start, f"{new}; ")
    return Edit(start, start, f"{new}\n{indentation}")


def _names(node: ast.AST, kind: type[ast.expr_context]) -> set[str]:
    """The names that a statement reads, or writes to; with elements that get a value those."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, kind)}
    if kind is ast.Store:
        found |= {
            n.id
            for part in ast.walk(node)
            if isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, kind)
            for n in ast.walk(part.value)
            if isinstance(n, ast.Name)
        }
    return found


def _roots(text: str) -> set[str]:
    """The names in an expression."""
    return _names(ast.parse(text, mode="eval"), ast.Load)


def _root(text: str) -> str:
    """The name that an expression is an element of."""
    node = ast.parse(text, mode="eval").body
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) and is_atom(text) else ""
