"""Where an edit can be made: every node of a function with what is known around it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .mutant import Edit
from .source import Source, Text, tree_of

Peers = Mapping[str, tuple[str, ...]]
"""Name of a local to those that may stand in its place, in the order of the source."""


@dataclass(frozen=True)
class Site:
    """One node of a function.

    Args:
        node: an expression or a statement.
        statement: the statement that holds it, or the node itself.
        function: qualified name of the innermost function.
        text: the module's.
        loops: variables of the `for` loops around it.
        bound: local names to the line on which they first get a value.
        cited: numbers of the equations that its statement computes.
    """

    node: ast.expr | ast.stmt
    statement: ast.stmt
    function: str
    text: Text
    loops: frozenset[str]
    bound: Mapping[str, int]
    cited: tuple[str, ...]

    def text_of(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.text.text_of(node)

    def operand(self, node: ast.expr) -> str:
        """The text of a node as it can stand beside any operator."""
        atoms = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Call, ast.Tuple)
        return self.text_of(node) if isinstance(node, atoms) else f"({self.text_of(node)})"

    def replace(self, node: ast.expr | ast.stmt, text: str) -> Edit:
        """The edit that puts a text in the place of a node."""
        return Edit(*self.text.span(node), text)

    def between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Edit:
        """The edit of an operator's sign, which stands somewhere between its operands."""
        start, end = self.text.span(left)[1], self.text.span(right)[0]
        at = start + self.text.text[start:end].index(old)
        return Edit(at, at + len(old), new)


def sites(source: Source) -> Iterator[Site]:
    """Every node of every function of a module, in the order of the source."""
    text = Text(source.text)
    for name, function in functions(tree_of(source)):
        yield from _Walk(name, function, text).block(function.body, frozenset())


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Qualified name, as Python has it, and definition of every function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.If, ast.For, ast.While, ast.With, ast.Try)):
            yield from functions(node, prefix)


class _Walk:
    """Walks through one function."""

    def __init__(self, name: str, function: ast.FunctionDef, text: Text) -> None:
        self.name, self.text = name, text
        self.bound = bound_in(function)
        self.documented = cited(ast.get_docstring(function) or "")

    def block(self, body: list[ast.stmt], loops: frozenset[str]) -> Iterator[Site]:
        """The sites of the statements of one block."""
        for n, statement in enumerate(body):
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) or _is_text(statement):
                continue
            numbers = self._cited(body, n)
            site = functools.partial(
                Site,
                statement=statement,
                function=self.name,
                text=self.text,
                bound=self.bound,
                cited=numbers,
            )
            yield site(statement, loops=loops)
            yield from (site(node, loops=loops) for node in _expressions(statement))
            inner = loops
            if isinstance(statement, ast.For):
                targets = ast.walk(statement.target)
                inner = loops | {n.id for n in targets if isinstance(n, ast.Name)}
            for block in _blocks(statement):
                yield from self.block(block, inner)

    def _cited(self, body: list[ast.stmt], n: int) -> tuple[str, ...]:
        """Equations of a statement: its own, else those of the next in the block that has some, as
        a formula of several lines has its number on the last; else the one before; else the
        function's.
        """
        for m in [n, *range(n + 1, len(body)), *reversed(range(n))]:
            numbers = cited(self._comment(body[m]))
            if numbers:
                return numbers
        return self.documented

    def _comment(self, statement: ast.stmt) -> str:
        """The lines of a simple statement, or the first line of a compound one."""
        last = statement.lineno if _blocks(statement) else statement.end_lineno
        lines = self.text.lines[statement.lineno - 1 : last]
        return " ".join(line.partition("#")[2] for line in lines)


def cited(text: str) -> tuple[str, ...]:
    """The equation numbers in a text: `(5.13)` gives `5.13`."""
    return tuple(re.findall(r"\((\d+\.\d+)\)", text))


def bound_in(function: ast.FunctionDef) -> dict[str, int]:
    """Local names to the line on which they first get a value."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    first = {a.arg: function.lineno for a in every}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            first[node.id] = min(node.lineno, first.get(node.id, node.lineno))
    return first


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    fields = (getattr(statement, name, []) for name in ("body", "orelse", "finalbody"))
    return [block for block in fields if block]


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, but not those of the statements in it or of annotations."""
    for name, value in ast.iter_fields(statement):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.expr) and name != "annotation":
                yield from (n for n in ast.walk(child) if isinstance(n, ast.expr))
