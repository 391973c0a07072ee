"""What one gate has and another lacks: code writes the same for each of them, so what is missing of
one stands there of another, under another key.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from ..mutant import Edit
from ..source import Text
from .shapes import Surroundings
from .statements import BlockOfStatements, after

NAMES = (ast.Name, ast.Attribute, ast.Subscript)
SUMS = (ast.Add, ast.Sub)
MOST = 400
"""Edits of one statement at most."""
Change = tuple[ast.expr, str]
"""A part of a statement, and what takes its place."""


@dataclass(frozen=True)
class _Places:
    """The names, attributes and elements of a function: those that are written to, and those that
    are read.
    """

    written: frozenset[str]
    read: frozenset[str]


def sibling_edits(
    text: Text,
    block: BlockOfStatements,
    function: ast.FunctionDef,
    seen: Mapping[int, Surroundings],
) -> Iterator[tuple[int, Edit]]:
    """Statements, terms and values that others of the block have under other keys; with the line.

    Args:
        text: of the module.
        block: of statements.
        function: that it is in.
        seen: what stood around each line of the function.
    """
    places = _Places(frozenset(_texts(function, ast.Store)), frozenset(_texts(function, ast.Load)))
    ran = [s for s in block.body if s.lineno in seen]
    for statement in ran:
        around = seen[statement.lineno]
        edits = (
            *_lost_statements(text, statement, around, places),
            *_lost_terms(text, statement, around, places),
            *_lost_values(text, statement, ran, around, places),
        )
        yield from ((statement.lineno, edit) for edit in edits[:MOST])


def _lost_statements(
    text: Text, statement: ast.stmt, around: Surroundings, places: _Places
) -> Iterator[Edit]:
    """`g["Wi"] += ...` behind `g["Wf"] += ...`, where nothing else writes to it."""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    others = [t for t in _siblings(target, around) if t not in places.written]
    names = [n for n in _atoms(statement.value, around) if not root_of(n)]
    for other in others:
        for name in names:
            for new in _alike(name, around):
                made = _with(text, statement, [(target, other), (name, new)])
                yield after(text, statement, made)


def _lost_terms(
    text: Text, statement: ast.stmt, around: Surroundings, places: _Places
) -> Iterator[Edit]:
    """`+ W["Wo"].T @ do` behind `W["Wf"].T @ df`, of weights that the statement does not read."""
    value = getattr(statement, "value", None)
    if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return) or value is None:
        return
    own = set(_texts(statement, ast.Load))
    for term in _terms(value):
        for made in _other_terms(text, term, around, own, places.read):
            _, end = text.span(term)
            yield Edit(end, end, f" + {made}")


def _other_terms(
    text: Text, term: ast.expr, around: Surroundings, own: set[str], read: Iterable[str]
) -> Iterator[str]:
    """The term with another key, those first that nothing reads, and another name."""
    atoms = list(_atoms(term, around))
    keyed, names = [a for a in atoms if root_of(a)], [a for a in atoms if not root_of(a)]
    for atom in keyed:
        others = [t for t in _siblings(atom, around) if t not in own]
        for other in sorted(others, key=lambda t: t in read):
            for name in names:
                for new in _alike(name, around):
                    yield _with(text, term, [(atom, other), (name, new)])


def _lost_values(
    text: Text,
    statement: ast.stmt,
    others: Iterable[ast.stmt],
    around: Surroundings,
    places: _Places,
) -> Iterator[Edit]:
    """The value of another assignment, each key in it exchanged for the one that this has, or for
    one that nothing reads.
    """
    if not isinstance(statement, ast.Assign):
        return
    mine = [a for a in _atoms(statement.value, around) if root_of(a)]
    for other in others:
        if other is statement or not isinstance(other, ast.Assign):
            continue
        shapes = [around.of(s.targets[0]) for s in (statement, other)]
        if None not in shapes and shapes[0] != shapes[1]:
            continue
        keyed = [a for a in _atoms(other.value, around) if root_of(a)]
        choices = list(_counterparts(keyed, mine, around, places))
        for chosen in product(*choices) if keyed else ():
            made = _with(text, other.value, list(zip(keyed, chosen, strict=True)))
            yield Edit(*text.span(statement.value), made)


def _counterparts(
    keyed: Iterable[ast.expr], mine: Iterable[ast.expr], around: Surroundings, places: _Places
) -> Iterator[list[str]]:
    """For each key of another statement what stands here in its place: what this has of that shape,
    in their order; beyond those what nothing reads.
    """
    own: dict[tuple[str, object], list[str]] = {}
    for atom in mine:
        own.setdefault((root_of(atom), around.of(atom)), []).append(ast.unparse(atom))
    for atom in keyed:
        left = own.get((root_of(atom), around.of(atom)), [])
        unread = (t for t in _siblings(atom, around) if t not in places.read)
        yield [left.pop(0)] if left else list(unread)


def _siblings(node: ast.expr, around: Surroundings) -> list[str]:
    """Other elements, under other keys, of what a node is an element of, of the same shape."""
    root, own = root_of(node), ast.unparse(node)
    if not root:
        return []
    return [t for t in around.alike(around.of(node)) if t != own and root_of_text(t) == root]


def _alike(node: ast.expr, around: Surroundings) -> Iterator[str]:
    """A name, then other names of its shape."""
    own = ast.unparse(node)
    yield own
    yield from (t for t in around.alike(around.of(node)) if t.isidentifier() and t != own)


def root_of(node: ast.expr) -> str:
    """What a node is an element of under a key, or an attribute; "" where it is neither."""
    if isinstance(node, ast.Attribute):
        return f"{ast.unparse(node.value)}."
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return f"{ast.unparse(node.value)}[" if isinstance(node.slice.value, str) else ""
    return ""


def root_of_text(text: str) -> str:
    """The same of the text of a node."""
    return root_of(ast.parse(text, mode="eval").body)


def _atoms(node: ast.AST, around: Surroundings) -> Iterator[ast.expr]:
    """The largest names, attributes and elements in an expression that are arrays."""
    if isinstance(node, NAMES):
        shape = around.of(node)
        turned = isinstance(node, ast.Attribute) and node.attr == "T"
        if shape is not None and not isinstance(shape, str) and not turned:
            yield node
            return
    for inner in ast.iter_child_nodes(node):
        yield from _atoms(inner, around)


def _terms(value: ast.expr) -> Iterator[ast.expr]:
    """The last term of a sum, and those before it."""
    while isinstance(value, ast.BinOp) and isinstance(value.op, SUMS):
        yield value.right
        value = value.left
    yield value


def _texts(node: ast.AST, kind: type[ast.expr_context]) -> Iterator[str]:
    """The texts of all names, attributes and elements that are written to, or read."""
    for inner in ast.walk(node):
        if isinstance(inner, NAMES) and isinstance(inner.ctx, kind):
            yield ast.unparse(inner)


def _with(text: Text, node: ast.expr | ast.stmt, changes: Iterable[Change]) -> str:
    """The text of a node with some of its parts exchanged."""
    start, end = text.span(node)
    made, at = "", start
    for part, new in sorted(changes, key=lambda change: text.span(change[0])):
        begin, stop = text.span(part)
        made += text.text[at:begin] + new
        at = stop
    return made + text.text[at:end]
