"""Functions, lambdas and classes as source, and what that source needs to be there."""

from __future__ import annotations
import __future__

import ast
import builtins
import dis
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from .module_source import ModuleSource, first_values, module_source, scopes

Environment = Mapping[str, Any]
POSTPONED = __future__.annotations.compiler_flag


@dataclass(frozen=True)
class Snippet:
    """A piece of source.

    Args:
        text: of it.
        names: what the names around it stand for.
        first: source of what the function around it first assigned to its names.
    """

    text: str
    names: Environment
    first: Mapping[str, str] = field(default_factory=dict[str, str])


class NotWritable(Exception):
    """An object for which no lines of Python are known."""


def names_needed(text: str) -> list[str]:
    """Names that a source reads from around it, in order; builtins are among them."""
    try:
        code = compile(text, "<snippet>", "exec", POSTPONED, dont_inherit=True)
    except SyntaxError as error:
        raise NotWritable(text) from error
    reads = ("LOAD_GLOBAL", "LOAD_NAME")
    used = [i.argval for c in _codes(code) for i in dis.get_instructions(c) if i.opname in reads]
    return list(dict.fromkeys(used))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def is_builtin(name: str, environment: Environment) -> bool:
    """Whether a name is Python's own, or set by Python in every module and class."""
    special = name.startswith("__") and name.endswith("__")
    return special or (name not in environment and hasattr(builtins, name))


def function_source(function: FunctionType) -> Snippet:
    """A function without its decorators, a lambda as an expression.

    Raises:
        NotWritable: its source is not at hand, or not to be told from another.
    """
    source = _source_of(function.__code__.co_filename)
    closed = inspect.getclosurevars(function).nonlocals
    first = first_values(source.tree, function.__qualname__.rpartition(".<locals>.")[0])
    if function.__name__ == "<lambda>":
        node = _lambda_node(source.tree, function.__code__)
        defaults = _defaults(node.args, function)
        names = {**function.__globals__, **defaults, **closed}
        return Snippet(ast.unparse(node), names, first)
    line = function.__code__.co_firstlineno
    found = [
        n
        for _, n in scopes(source.tree)
        if isinstance(n, ast.FunctionDef)
        and line == min([n.lineno, *(d.lineno for d in n.decorator_list)])
    ]
    if len(found) != 1:
        raise NotWritable(function)
    defaults = _defaults(found[0].args, function)
    text = source.text_of(found[0], decorated=False)
    return Snippet(text, {**function.__globals__, **defaults, **closed}, first)


def class_source(cls: type, around: Environment) -> Snippet:
    """A class with its decorators.

    Raises:
        NotWritable: its source is not at hand, or not to be told from another.
    """
    methods = [m for m in vars(cls).values() if isinstance(m, FunctionType)]
    files = {m.__code__.co_filename for m in methods}
    file = files.pop() if len(files) == 1 else str(around.get("__file__", ""))
    source = _source_of(file)
    found = [n for name, n in scopes(source.tree) if name == cls.__qualname__]
    renamed = [n for n in found if getattr(n, "name", "") != cls.__name__]
    if len(found) != 1 or renamed:
        raise NotWritable(cls)
    closed: dict[str, Any] = {}
    for method in methods:
        closed |= inspect.getclosurevars(method).nonlocals
    closed.pop("__class__", None)
    first = first_values(source.tree, cls.__qualname__.rpartition(".<locals>.")[0])
    return Snippet(source.text_of(found[0]), {**around, **closed}, first)


def _source_of(file: str) -> ModuleSource:
    source = module_source(file)
    if source is None:
        raise NotWritable(file)
    return source


def _lambda_node(tree: ast.AST, code: CodeType) -> ast.Lambda:
    """The lambda of a code: of those in its line the one that holds every place of the code."""
    places = [p for p in code.co_positions() if None not in p and p[3]]
    held = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and all(_start(node.body) <= (p[0], p[2]) for p in places)  # pyright: ignore[reportOperatorIssue]
        and all((p[1], p[3]) <= _end(node.body) for p in places)  # pyright: ignore[reportOperatorIssue]
    ]
    if not held:
        raise NotWritable(code)
    return min(held, key=lambda n: (_end(n)[0] - n.lineno, _end(n)[1] - n.col_offset))


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _defaults(arguments: ast.arguments, function: FunctionType) -> dict[str, Any]:
    """What names that stand as defaults were when a function was made: `lambda case, k=k: ...`."""
    values = list(function.__defaults__ or ())
    named = list(zip(arguments.defaults, values, strict=False))
    given = function.__kwdefaults__ or {}
    named += [
        (d, given[a.arg])
        for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if d is not None and a.arg in given
    ]
    return {d.id: value for d, value in named if isinstance(d, ast.Name)}
