"""What the source of a module binds, and which of its statements bind a name."""

from __future__ import annotations

import ast
import functools
import linecache
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, eq=False)
class ModuleSource:
    """The statements of a module: those that an import runs, and those under `__main__` alone."""

    text: str
    tree: ast.Module

    @functools.cached_property
    def statements(self) -> list[ast.stmt]:
        """Every statement at the top, those that only a script runs included."""
        return [s for top in self.tree.body for s in (_guarded(top) or [top])]

    def binding(self, name: str) -> list[ast.stmt]:
        """The statements at the top that bind a name, in order."""
        return [s for s in self.statements if name in bound_names(s)]

    def is_bound_at_import(self, name: str) -> bool:
        """Whether a name is there after an import; what a star brings may be."""
        names = [n for s in self.tree.body if not _guarded(s) for n in bound_names(s)]
        return name in names or "*" in names

    def text_of(self, node: ast.stmt, decorated: bool = True) -> str:
        """The lines of a statement, as they stand without its indentation."""
        first = node.lineno
        if decorated and isinstance(node, SCOPES) and node.decorator_list:
            first = min(d.lineno for d in node.decorator_list)
        lines = self.text.splitlines()[first - 1 : node.end_lineno]
        return textwrap.dedent("\n".join(lines))


def module_source(path: str) -> ModuleSource | None:
    """The source of a file, also of a cell of a notebook; None if it cannot be read."""
    text = "".join(linecache.getlines(path))
    return _parsed(text) if text else None


@functools.lru_cache(maxsize=32)
def _parsed(text: str) -> ModuleSource | None:
    try:
        return ModuleSource(text, ast.parse(text))
    except (SyntaxError, ValueError):
        return None


def bound_names(statement: ast.AST) -> set[str]:
    """Names that a statement binds where it stands, "*" for an import of everything."""
    if isinstance(statement, SCOPES):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        cut = isinstance(statement, ast.Import)
        return {a.asname or (a.name.split(".")[0] if cut else a.name) for a in statement.names}
    if isinstance(statement, ast.Name):
        return {statement.id} if isinstance(statement.ctx, ast.Store) else set()
    if isinstance(statement, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)):
        return set()
    return set().union(*map(bound_names, ast.iter_child_nodes(statement)))


def scopes(tree: ast.AST, before: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Qualified name and node of every function and class of a module, `f.<locals>.g` included."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, SCOPES):
            yield from scopes(node, before)
            continue
        inside = "" if isinstance(node, ast.ClassDef) else "<locals>."
        yield before + node.name, node
        yield from scopes(node, f"{before}{node.name}.{inside}")


def first_values(tree: ast.AST, function: str) -> dict[str, str]:
    """What a function assigns to each of its names at first, by qualified name of the function."""
    bodies = [n for name, n in scopes(tree) if name == function]
    values: dict[str, str] = {}
    for statement in [s for b in bodies if isinstance(b, SCOPES) for s in b.body]:
        pairs = {name: ast.unparse(value) for name, value in _assigned(statement)}
        values = pairs | values
    return values


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names and what a statement assigns to each."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from assigned_pairs(target, statement.value)
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield from assigned_pairs(statement.target, statement.value)


def assigned_pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Names and what each is assigned: `a = 1`, and `a, b = 1, 2` side by side."""
    if isinstance(target, ast.Name):
        yield target.id, value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for inner, of_inner in zip(target.elts, value.elts, strict=False):
            yield from assigned_pairs(inner, of_inner)


def _guarded(statement: ast.stmt) -> list[ast.stmt]:
    """The statements below `if __name__ == "__main__"`; empty for another statement."""
    if not isinstance(statement, ast.If):
        return []
    names = {n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)}
    return statement.body if "__name__" in names else []
