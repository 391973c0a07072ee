"""Edits of constants that stand where a thing of the function should."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from ..mutant import Edit
from ..sites import Site
from .shapes import Surroundings, beside, is_atom


def for_constant(site: Site, around: Surroundings) -> Iterator[Edit]:
    """What a number as a factor or an argument, or zeros in place of a value, should have been: a
    thing of the function, what is left of one, a product.
    """
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for factor, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(factor, ast.Constant):
                for text in around.fitting(around.of(other)):
                    yield site.replace(factor, beside(text))
                    yield site.replace(factor, f"(1 - {beside(text)})")
                    yield site.replace(factor, f"(1 - {beside(text)} ** 2)")
    elif isinstance(node, ast.Call):
        for argument in node.args:
            if isinstance(argument, ast.Constant) and type(argument.value) is float:
                names = (text for text, shape in around.arrays() if shape and text.isidentifier())
                yield from (site.replace(argument, text) for text in names)
    elif isinstance(node, ast.Assign) and _is_zeros(node.value):
        shape = around.of(node.value)
        if not isinstance(shape, str) and shape:
            same = [text for text in around.alike(shape) if is_atom(text)]
            pairs = list(itertools.permutations(same, 2))
            yield from (site.replace(node.value, text) for text in same)
            yield from (site.replace(node.value, f"{a} * {b}") for a, b in pairs if a < b)
            yield from (site.replace(node.value, f"{a} * (1 - {b})") for a, b in pairs)


def _is_zeros(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and "zeros" in ast.unparse(node.func)
