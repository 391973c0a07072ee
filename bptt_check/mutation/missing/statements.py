"""Edits of whole statements: moved in their block, into a loop or out of it, and new ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..mutant import Edit
from ..sites import bound_in
from ..source import Text
from .formulas import products
from .shapes import Surroundings, is_atom

FARTHEST = 12
"""Statements that a statement is moved past at most."""
LOOPS = (ast.For, ast.While)
ZEROS = "zeros"
"""Part of the name of what makes an array that is added up in."""


@dataclass(frozen=True)
class BlockOfStatements:
    """The statements of one block, and the loop that it is the body of, with its own block."""

    body: tuple[ast.stmt, ...]
    loop: ast.stmt | None = None
    outer: BlockOfStatements | None = None


def blocks(function: ast.FunctionDef) -> Iterator[BlockOfStatements]:
    """Every block of a function, the outermost first; those of functions inside it are theirs."""
    yield from _blocks(BlockOfStatements(tuple(function.body)))


def _blocks(block: BlockOfStatements) -> Iterator[BlockOfStatements]:
    yield block
    for statement in block.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(statement, name, [])
            if inner:
                loop = statement if isinstance(statement, LOOPS) else block.loop
                outer = block if isinstance(statement, LOOPS) else block.outer
                yield from _blocks(BlockOfStatements(tuple(inner), loop, outer))


def moved(text: Text, block: BlockOfStatements) -> Iterator[tuple[int, Edit]]:
    """A simple statement at another place of its block, and out of the loop; with its line."""
    plain = [s for s in block.body if not _is_header(s)]
    for n, statement in enumerate(plain):
        if isinstance(statement, ast.Return):
            continue
        for m in _by_distance(n, len(plain)):
            if not isinstance(plain[m], ast.Return):
                yield statement.lineno, _move(text, statement, plain[m], before=m < n)
        if block.loop is not None and not hasattr(statement, "body") and len(block.body) > 1:
            yield statement.lineno, _move(text, statement, block.loop, before=True)
            yield statement.lineno, _move(text, statement, block.loop, before=False)


def moved_in(text: Text, block: BlockOfStatements) -> Iterator[tuple[int, Edit]]:
    """A simple statement beside a loop as the first, or the last, of its body."""
    for n, statement in enumerate(block.body):
        if hasattr(statement, "body") or _is_header(statement):
            continue
        for other in (*block.body[n + 1 : n + 6], *block.body[max(n - 3, 0) : n]):
            if isinstance(other, LOOPS):
                yield statement.lineno, _move(text, statement, other.body[0], before=True)
                yield statement.lineno, _move(text, statement, other.body[-1], before=False)


def added_statements(
    text: Text,
    block: BlockOfStatements,
    function: ast.FunctionDef,
    seen: Mapping[int, Surroundings],
) -> Iterator[tuple[int, Edit]]:
    """New statements at the end of the body of a loop: a sum that is never added up, a carry that
    never gets a value there.
    """
    if block.loop is None:
        return
    last = block.body[-1]
    around = seen.get(last.lineno)
    if around is None:
        return
    stored = bound_in(function)
    for name, shape in list(around.arrays()):
        if not _is_carry(name, block.loop, stored) or not shape:
            continue
        for value in (*(t for t in around.alike(shape) if t != name), *products(around, shape)):
            yield last.lineno, after(text, last, f"{name} = {value}")
            yield last.lineno, after(text, last, f"{name} += {value}")
        for value, other in around.arrays():
            if other[1:] == shape and len(other) == len(shape) + 1 and is_atom(value):
                yield last.lineno, after(text, last, f"{name} += {value}.sum(axis=0)")


def missing_sums(
    text: Text,
    block: BlockOfStatements,
    function: ast.FunctionDef,
    seen: Mapping[int, Surroundings],
) -> Iterator[tuple[int, Edit]]:
    """What is never added up, added up at the end of the body of a loop: a name that begins as
    zeros, and that nothing else is ever written to.
    """
    last = block.body[-1]
    around = seen.get(last.lineno)
    if block.loop is None or isinstance(last, LOOPS) or around is None:
        return
    for name in sorted(n for n in _begun_as_zeros(function) if not _is_written(n, function)):
        shape = around.shapes.get(name)
        if not shape or isinstance(shape, str):
            continue
        for value in (*products(around, shape), *(t for t in around.alike(shape) if t != name)):
            yield last.lineno, after(text, last, f"{name} += {value}")
        for value, other in around.arrays():
            if other[1:] == shape and is_atom(value):
                yield last.lineno, after(text, last, f"{name} += {value}.sum(axis=0)")


def _is_beginning(statement: ast.AST) -> bool:
    """Whether a statement gives something its first zeros."""
    return isinstance(statement, ast.Assign) and ZEROS in ast.unparse(statement.value)


def _begun_as_zeros(function: ast.FunctionDef) -> set[str]:
    """Names, and attributes, that a statement with `zeros` in it gives a value to."""
    found: set[str] = set()
    for statement in ast.walk(function):
        if isinstance(statement, ast.Assign) and _is_beginning(statement):
            stored = (n for t in statement.targets for n in ast.walk(t))
            found |= {ast.unparse(n) for n in stored if _is_stored(n)}
    return found


def _is_written(name: str, function: ast.FunctionDef) -> bool:
    """Whether a name, or an element of it, gets another value than the zeros that it begins as."""
    later = [n for n in ast.walk(function) if not _is_beginning(n)]
    targets = [n.target for n in later if isinstance(n, ast.AugAssign)]
    targets += [t for n in later if isinstance(n, ast.Assign) for t in n.targets]
    inside = (n for t in targets for n in ast.walk(t))
    return any(isinstance(n, ast.Name | ast.Attribute) and ast.unparse(n) == name for n in inside)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)


def doubled(text: Text, block: BlockOfStatements) -> Iterator[tuple[int, Edit]]:
    """The carries that a loop begins with set again where it ends, and a statement made twice."""
    for statement in block.body:
        if isinstance(statement, ast.AugAssign):
            whole = text.text_of(statement)
            yield statement.lineno, after(text, statement, whole)


def _by_distance(n: int, count: int) -> Iterator[int]:
    for far in range(1, FARTHEST):
        yield from (m for m in (n - far, n + far) if 0 <= m < count)


def _move(text: Text, statement: ast.stmt, place: ast.stmt, before: bool) -> Edit:
    """The lines of a statement before, or behind, those of another; one edit of all between."""
    s_first, s_end = _lines(text, statement)
    p_first, p_end = _lines(text, place)
    own = text.text[s_first:s_end]
    own = own if own.endswith("\n") else own + "\n"
    target = p_first if before else p_end
    again = _indented(own, statement.col_offset, place.col_offset)
    if target <= s_first:
        return Edit(target, s_end, again + text.text[target:s_first])
    if target >= s_end:
        rest = text.text[s_end:target]
        rest = rest if rest.endswith("\n") or not rest else rest + "\n"
        inside = not before and p_first <= s_first  # out of a loop: what is left stays in it
        return Edit(s_first, target, rest + again if rest or not inside else again)
    if before:
        return Edit(p_first, s_end, again + text.text[p_first:s_first])
    return Edit(s_first, p_end, text.text[s_end:p_end] + again)


def after(text: Text, statement: ast.stmt, new: str) -> Edit:
    """The edit that puts a new statement on a line of its own behind another."""
    _, end = text.span(statement)
    first = text.start_of(statement.lineno)
    indentation = text.text[first : text.span(statement)[0]]
    indentation = indentation if not indentation.strip() else " " * statement.col_offset
    return Edit(end, end, f"\n{indentation}{new}")


def _lines(text: Text, statement: ast.stmt) -> tuple[int, int]:
    """Where the lines of a statement begin and end."""
    assert statement.end_lineno is not None
    last = statement.end_lineno
    end = text.start_of(last + 1) if last < len(text.lines) else len(text.text)
    return text.start_of(statement.lineno), end


def _indented(lines: str, own: int, wanted: int) -> str:
    """Lines moved to another indentation."""
    if own == wanted:
        return lines
    kept = lines.splitlines(keepends=True)
    if wanted > own:
        return "".join(" " * (wanted - own) + line for line in kept)
    return "".join(line[min(own - wanted, len(line) - len(line.lstrip(" "))) :] for line in kept)


def _is_header(statement: ast.stmt) -> bool:
    """A docstring, or an import: nothing that a formula could miss."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or isinstance(
        statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Global
    )


def _is_carry(name: str, loop: ast.stmt, stored: Mapping[str, int]) -> bool:
    """Whether a name has a value before a loop, and none yet from it where it is read there."""
    if stored.get(name, loop.lineno) >= loop.lineno:
        return False
    inside = [n for n in ast.walk(loop) if isinstance(n, ast.Name) and n.id == name]
    reads = [n.lineno for n in inside if isinstance(n.ctx, ast.Load)]
    writes = [n.lineno for n in inside if isinstance(n.ctx, ast.Store)]
    return not writes or (bool(reads) and min(reads) <= min(writes))
