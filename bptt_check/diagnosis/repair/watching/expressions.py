"""Which expressions of a function can be evaluated beside a run of it without changing anything."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ....mutation.sites import functions

LONGEST, MOST, INDICES = 60, 150, 8
"""Characters of an expression, and how many of a function, that are looked at; and how many indices
are tried on its names.
"""
KINDS = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.Call)
PLAIN = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Call,
    ast.Slice, ast.Tuple, ast.Compare, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
    ast.keyword,
)  # fmt: skip
HARMLESS = {
    "tanh", "exp", "log", "sqrt", "square", "abs", "sum", "mean", "dot", "matmul", "outer",
    "transpose", "reshape", "copy", "astype", "multiply", "add", "subtract", "divide", "maximum",
    "minimum", "cosh", "float", "len", "zeros_like", "ones_like", "hstack", "vstack", "concatenate",
    "stack", "cat", "einsum", "power", "where", "expand_dims", "squeeze", "t", "view", "clone",
}  # fmt: skip
"""Functions and methods that change nothing, by their names."""
ACTIVATIONS = ("sigm", "tanh", "relu", "softmax", "activ", "logistic")
"""Parts of the names of functions of a subject's own that change nothing."""


@dataclass(frozen=True)
class FunctionPool:
    """The expressions of a function, and the lines on which its statements begin.

    Args:
        expressions: that stand in it.
        lines: of its statements.
        elements: name to elements of it by the indices that others have in it.
    """

    expressions: tuple[str, ...]
    lines: frozenset[int]
    elements: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def pools_of(tree: ast.AST) -> dict[str, FunctionPool]:
    """Qualified name of every function of a module to its expressions."""
    return {name: _pool(node) for name, node in functions(tree)}


def _pool(function: ast.FunctionDef) -> FunctionPool:
    seen: dict[str, None] = {}
    lines: set[int] = set()
    nodes: list[ast.expr] = []
    for statement in _statements(function.body):
        lines.add(statement.lineno)
        own = list(_own_expressions(statement))
        nodes += own
        harmless = [n for n in own if isinstance(n, KINDS) and is_harmless(n)]
        seen.update(dict.fromkeys(map(ast.unparse, harmless)))
        seen.update(dict.fromkeys(_rests(harmless)))
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    short = [t for t in dict.fromkeys((*names, *seen)) if len(t) <= LONGEST]
    ordered = tuple(sorted(short, key=len)[:MOST])
    return FunctionPool(ordered, frozenset(lines), _elements(names, nodes, seen))


def _rests(nodes: Sequence[ast.expr]) -> Iterator[str]:
    """What a slice leaves: of `d[:, n:]` that is `d[:, :n]`."""
    for node in nodes:
        if isinstance(node, ast.Subscript):
            text = ast.unparse(node)
            for one in ast.walk(node.slice):
                if isinstance(one, ast.Slice) and (one.lower is None) != (one.upper is None):
                    whole, rest = ast.unparse(one), ast.Slice(one.upper, one.lower, one.step)
                    if text.count(whole) == 1 and not isinstance(one.step, ast.expr):
                        yield text.replace(whole, ast.unparse(rest))


def _elements(
    arguments: Sequence[str], nodes: Sequence[ast.expr], known: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Elements of the names of a function by the indices that it has for others of them."""
    bases = [n for n in nodes if isinstance(n, ast.Name) or _is_field(n)]
    texts = dict.fromkeys((*map(ast.unparse, bases), *arguments))
    picked = [n for n in nodes if isinstance(n, ast.Subscript) and n.value in bases]
    indices = {ast.unparse(n)[len(ast.unparse(n.value)) :]: None for n in picked}
    numbered = [i for i in indices if not any(quote in i for quote in "\"'")][:INDICES]
    return {t: tuple(t + i for i in numbered if t + i not in known) for t in texts}


def _is_field(node: ast.expr) -> bool:
    """`self.h` and the like."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr != "T"


def is_harmless(node: ast.AST) -> bool:
    """Whether to evaluate an expression changes nothing, as far as its names tell."""
    for one in ast.walk(node):
        if not isinstance(one, PLAIN):
            return False
        if isinstance(one, ast.Call):
            called = one.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            known = name in HARMLESS or any(part in name.lower() for part in ACTIVATIONS)
            if not known or (isinstance(called, ast.Name) and name == "copy"):
                return False
    return True


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a function in their order, but not those of functions in it."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        yield statement
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, name, []))


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, those of the statements in it left out."""
    for name, value in ast.iter_fields(statement):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.expr) and name != "annotation":
                yield from (n for n in ast.walk(child) if isinstance(n, ast.expr))
