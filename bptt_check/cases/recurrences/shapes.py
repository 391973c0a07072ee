"""Shapes in symbolic sizes: `T B K`, `T+1 B 2*K`."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Mapping

from ...errors import SpecError, quoted

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def names_in(axis: str) -> list[str]:
    """The symbolic sizes that the length of an axis is made of, in order.

    Raises:
        SpecError: it is no sum or product of sizes and whole numbers.
    """
    return [node.id for node in ast.walk(_read(axis)) if isinstance(node, ast.Name)]


def length_of(axis: str, sizes: Mapping[str, int]) -> int:
    """The length of an axis, given the sizes.

    Raises:
        SpecError: it is none.
    """
    try:
        length = _value(_read(axis), sizes)
    except ZeroDivisionError:
        length = 0
    if length < 1:
        told = ", ".join(f"{n} = {sizes[n]}" for n in dict.fromkeys(names_in(axis)))
        where = f" where {told}: limit the sizes" if told else ": write one of 1 and more"
        raise SpecError(f"the axis {axis} has length {length}{where}.")
    return length


@functools.lru_cache(maxsize=256)
def _read(axis: str) -> ast.expr:
    try:
        read = ast.parse(axis, mode="eval").body
    except SyntaxError:
        raise _no_axis(axis) from None
    _check(read, axis)
    return read


def _check(node: ast.expr, axis: str) -> None:
    match node:
        case ast.Name():
            return
        case ast.Constant(value=int()) if not isinstance(node.value, bool):
            return
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left, axis)
            _check(right, axis)
        case _:
            raise _no_axis(axis)


def _no_axis(axis: str) -> SpecError:
    return SpecError(
        f"{quoted(axis)} is no length of an axis: name a size, or write +, -, * and // of sizes "
        "and whole numbers without spaces, such as 2*K."
    )


def _value(node: ast.expr, sizes: Mapping[str, int]) -> int:
    match node:
        case ast.Name():
            return sizes[node.id]
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_value(node.left, sizes), _value(node.right, sizes))
        case ast.Constant(value=int(value)):
            return value
        case _:
            raise AssertionError(node)
