"""Which expressions of a function can be evaluated beside a run of it without changing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ...mutation.sites import functions

LONGEST, MOST = 60, 150
"""Characters of an expression, and how many of a function, that are looked at."""
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
    """The expressions of a function, and the lines on which its statements begin."""

    expressions: tuple[str, ...]
    lines: frozenset[int]


def pools_of(tree: ast.AST) -> dict[str, FunctionPool]:
    """Qualified name of every function of a module to its expressions."""
    return {name: _pool(node) for name, node in functions(tree)}


def _pool(function: ast.FunctionDef) -> FunctionPool:
    seen: dict[str, None] = {}
    lines: set[int] = set()
    for statement in _statements(function.body):
        lines.add(statement.lineno)
        for node in _own_expressions(statement):
            if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp | ast.Call):
                text = ast.unparse(node)
                if len(text) <= LONGEST and is_harmless(node):
                    seen.setdefault(text)
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    ordered = sorted({**dict.fromkeys(names), **seen}, key=len)
    return FunctionPool(tuple(ordered[:MOST]), frozenset(lines))


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
