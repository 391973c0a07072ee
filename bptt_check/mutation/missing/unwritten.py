"""What a function adds up beside its like, and one of which it does not: `g["c"]` beside `g["W"]`
and `g["U"]`; and a number that begins as 0 and stays it.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping

from ...subjects.origin.module_source import assigned_pairs
from ..mutant import Edit
from ..source import Text
from .formulas import products
from .shapes import Shape, Surroundings, is_atom
from .siblings import root_of, root_of_text
from .statements import BlockOfStatements, after

MOST = 600
"""Statements of one block at most."""
Target = tuple[str, tuple[int, ...]]
"""What is to be added to, and its shape."""


def unwritten_sums(
    text: Text,
    block: BlockOfStatements,
    function: ast.FunctionDef,
    seen: Mapping[int, Surroundings],
) -> Iterator[tuple[int, Edit]]:
    """Statements behind the last of a block that adds to an element, which add to another element
    of the same; and, in a loop, to a number that nothing is added to. With the line.

    Args:
        text: of the module.
        block: of statements.
        function: that it is in.
        seen: what stood around each line of the function.
    """
    last: dict[str, ast.AugAssign] = {}
    for statement in block.body:
        if isinstance(statement, ast.AugAssign) and statement.lineno in seen:
            last[_root(statement.target)] = statement
    for root, statement in last.items():
        if root:
            yield from _sums(text, statement, function, seen[statement.lineno])
    end = block.body[-1]
    around = seen.get(end.lineno)
    if block.loop is not None and around is not None and not hasattr(end, "body"):
        for name in sorted(_numbers_that_stay(function)):
            for value in _scalars(around):
                yield end.lineno, after(text, end, f"{name} += {value}")


def _sums(
    text: Text, statement: ast.AugAssign, function: ast.FunctionDef, around: Surroundings
) -> Iterator[tuple[int, Edit]]:
    written = {
        ast.unparse(n)
        for n in ast.walk(function)
        if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store)
    }
    whole = ast.unparse(getattr(statement.target, "value", statement.target))
    others = _unwritten(statement.target, function, around)
    of_each = [
        [f"{target} += {v}" for v in _values(around, shape) if whole not in v]
        for target, shape in others
        if target not in written
    ]
    in_turn = (one for ones in itertools.zip_longest(*of_each) for one in ones if one is not None)
    for made in itertools.islice(in_turn, MOST):
        yield statement.lineno, after(text, statement, made)


def _unwritten(
    target: ast.expr, function: ast.FunctionDef, around: Surroundings
) -> Iterator[Target]:
    """Other elements of what a target is an element of."""
    root = root_of(target)
    if root:
        named = ((t, s) for t, s in around.arrays() if root_of_text(t))
        yield from ((t, s) for t, s in named if t.startswith(root))
    elif (parts := _prefixed(target)) is not None:
        yield from _other_prefixes(*parts, function, around)


def _prefixed(node: ast.expr) -> tuple[str, str, str] | None:
    """The array, the text and the name of `g["W" + gate]`."""
    key = node.slice if isinstance(node, ast.Subscript) else None
    if not isinstance(node, ast.Subscript) or not isinstance(key, ast.BinOp):
        return None
    first, name = key.left, key.right
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    if not isinstance(key.op, ast.Add) or not isinstance(name, ast.Name):
        return None
    return ast.unparse(node.value), first.value, name.id


def _other_prefixes(
    base: str, own: str, name: str, function: ast.FunctionDef, around: Surroundings
) -> Iterator[Target]:
    """The other texts that make a key with what a name holds: what the keys of those that stand in
    the function end with, others begin with something else before it.
    """
    nodes = (n for n in ast.walk(function) if isinstance(n, ast.expr))
    parts = [p for n in nodes if (p := _prefixed(n)) is not None]
    used = {prefix for array, prefix, of in parts if (array, of) == (base, name)} | {own}
    keys: dict[str, Shape] = {
        t[len(base) + 2 : -2]: s for t, s in around.shapes.items() if t.startswith(f"{base}['")
    }
    ends = [{k.removeprefix(p) for k in keys if k.startswith(p)} for p in used]
    shared = set[str].intersection(*ends) - {""}
    for key, shape in keys.items():
        for end in sorted(shared):
            prefix = key.removesuffix(end)
            if key.endswith(end) and prefix not in used and not isinstance(shape, str):
                used.add(prefix)
                yield f"{base}['{prefix}' + {name}]", shape


def _values(around: Surroundings, shape: tuple[int, ...]) -> Iterator[str]:
    """What has a shape: arrays, products of two, of vectors the outer one, sums over a batch."""
    yield from (text for text in around.alike(shape) if is_atom(text) and text.isidentifier())
    if len(shape) == 2:
        vectors = [(t, s[0]) for t, s in around.arrays() if len(s) == 1 and t.isidentifier()]
        yield from (
            f"{a}[:, None] * {b}" for a, m in vectors for b, n in vectors if (m, n) == shape
        )
    yield from products(around, shape)
    for text, other in around.arrays():
        if other[1:] == shape and is_atom(text):
            yield f"{text}.sum(axis=0)"


def _numbers_that_stay(function: ast.FunctionDef) -> set[str]:
    """Names that get the number 0 and nothing else."""
    stored = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    written = [n.id for n in stored if isinstance(n.ctx, ast.Store)]
    zeros: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                zeros |= {n for n, value in assigned_pairs(target, node.value) if _is_zero(value)}
    return {name for name in zeros if written.count(name) == 1}


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and not node.value


def _scalars(around: Surroundings) -> Iterator[str]:
    """Numbers that arrays make: sums, and sums of squares."""
    for text, shape in around.arrays():
        if not text.isidentifier():
            continue
        if shape == ():
            yield text
            yield f"-{text}"
            continue
        yield from (f"{text}.sum()", f"-{text}.sum()", f"({text} ** 2).sum()")
        yield f"0.5 * ({text} ** 2).sum()"


def _root(target: ast.expr) -> str:
    parts = _prefixed(target)
    return root_of(target) or (f"{parts[0]}[ + {parts[2]}" if parts is not None else "")
