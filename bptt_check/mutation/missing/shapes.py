"""The shapes of values beside a run, by the text of the expression that has them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Shape = tuple[int, ...] | str
"""Of an array or a number; "int" is an integer; "list", "tuple" and "dict" are these."""

ZEROS = "zeros"
"""Part of the name of what makes an array of zeros, which as a part of a formula is nothing."""


@dataclass(frozen=True)
class Surroundings:
    """What stands around a statement, as a run saw it just before.

    Args:
        shapes: text of a local, or of an expression that stands elsewhere in the function, to its
            shape there.
    """

    shapes: Mapping[str, Shape]

    def of(self, node: ast.expr) -> Shape | None:
        """The shape of an expression; None if it is not known."""
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            return ()
        return self.shapes.get(ast.unparse(node))

    def arrays(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Every expression that is an array or a number; none that is all zeros."""
        for text, shape in self.shapes.items():
            if not isinstance(shape, str) and ZEROS not in text:
                yield text, shape

    def integers(self) -> Iterator[str]:
        """Every expression that is an integer."""
        yield from (t for t, s in self.shapes.items() if s == "int")

    def fitting(self, shape: Shape | None) -> Iterator[str]:
        """The expressions that can be multiplied with an array and leave its shape; all arrays
        where the shape is not known.
        """
        for text, other in self.arrays():
            if shape is None or (not isinstance(shape, str) and broadcasts(other, shape)):
                yield text

    def alike(self, shape: Shape | None) -> Iterator[str]:
        """The expressions of the very same shape; none where it is not known, nor zeros."""
        if shape is not None:
            yield from (t for t, s in self.shapes.items() if s == shape and ZEROS not in t)


def broadcasts(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether an array has the axes of another, or 1, or lacks the first ones."""
    if len(one) > len(other):
        return False
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(a in (1, b) for a, b in pairs)


def product_shape(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of a product of matrices, or of a matrix and a vector; None if there is none."""
    if not one or not other or len(one) + len(other) not in (3, 4) or one[-1] != other[0]:
        return None
    return (*one[:-1], *other[1:])


@functools.lru_cache(maxsize=4096)
def is_atom(text: str) -> bool:
    """Whether a text can stand beside any operator."""
    tree = ast.parse(text, mode="eval").body
    return isinstance(tree, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant)


def beside(text: str) -> str:
    """A text as it can stand beside any operator."""
    return text if is_atom(text) else f"({text})"
