"""Edits of the order in which things are multiplied, put together and walked through."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from ..mutant import Edit
from ..sites import Site
from .formulas import called
from .shapes import Surroundings


def other_product(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A matrix product in another order, with other transposes."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        left, right, between = node.left, node.right, "{} @ {}"
    elif isinstance(node, ast.Call) and called(node) in ("dot", "matmul") and len(node.args) == 2:
        (left, right), between = node.args, f"{site.text_of(node.func)}({{}}, {{}})"
    else:
        return
    a, b = (n.value if isinstance(n, ast.Attribute) and n.attr == "T" else n for n in (left, right))
    one, other = site.operand(a), site.operand(b)
    for first, second in ((one, other), (other, one)):
        for x, y in itertools.product(("", ".T"), repeat=2):
            yield site.replace(node, between.format(first + x, second + y))


def regroup(site: Site, _: Surroundings) -> Iterator[Edit]:
    """`r * (h @ W)` for `(r * h) @ W`, and the other way round; the same behind a product."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Mult):
        for inner, outer in ((node.right, node.left), (node.left, node.right)):
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.MatMult):
                one, other, factor = map(site.operand, (inner.left, inner.right, outer))
                yield site.replace(node, f"(({factor} * {one}) @ {other})")
                yield site.replace(node, f"({one} @ ({factor} * {other}))")
    elif isinstance(node.op, ast.MatMult):
        for inner, outer, first in ((node.left, node.right, True), (node.right, node.left, False)):
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Mult):
                for factor, rest in ((inner.left, inner.right), (inner.right, inner.left)):
                    a, b, c = map(site.operand, (factor, rest, outer))
                    yield site.replace(node, f"({a} * ({f'{b} @ {c}' if first else f'{c} @ {b}'}))")


def other_end(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A list that grows at its other end, or is read in the other direction or from there."""
    node = site.node
    index = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(index, ast.Constant) and type(index.value) is int and index.value > 0:
        yield site.replace(index, f"-{index.value}")
    if not isinstance(node, ast.Call):
        return
    if called(node) == "append" and len(node.args) == 1 and isinstance(node.func, ast.Attribute):
        whole = f"{site.text_of(node.func.value)}.insert(0, {site.text_of(node.args[0])})"
        yield site.replace(node, whole)
    elif called(node) == "insert" and len(node.args) == 2 and isinstance(node.func, ast.Attribute):
        whole = f"{site.text_of(node.func.value)}.append({site.text_of(node.args[1])})"
        yield site.replace(node, whole)
    else:
        lists = (a for a in node.args if around.of(a) == "list")
        yield from (site.replace(a, f"{site.operand(a)}[::-1]") for a in lists)
