"""Conventions about the size of a loss: products and quotients of numbers and sizes."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from dataclasses import asdict

from ..cases.case import Case
from ..cases.model import Sizes
from ..errors import SpecError

Factor = Callable[[Case], float]
_OF_TWO: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_OF_ONE: dict[type[ast.AST], Callable[[float], float]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def factor_of(option: str, text: str | float) -> Factor:
    """What a loss or a gradient is multiplied with: `"1/(2*B)"` as a function of a case.

    Args:
        option: in which it was given, for messages.
        text: a product or quotient of numbers and the sizes T, B, D, H and O, or a number.

    Raises:
        SpecError: it is none, or not a number other than 0.
    """
    tree: ast.AST = ast.Constant(math.nan)
    try:
        spelled = re.sub(r"(\d)\s*([TBDHO(])", r"\1*\2", str(text))  # 1/(2B)
        tree = ast.parse(spelled.strip(), mode="eval").body
        value = _value(tree, dict.fromkeys("TBDHO", 1.0))
    except (SyntaxError, KeyError, ZeroDivisionError, OverflowError):
        value = math.nan
    if not math.isfinite(value) or value == 0.0:
        raise SpecError(
            f"{option} {text!r} is no factor: it is a number other than 0, or a product or "
            "quotient of numbers and the sizes T, B, D, H and O, such as '1/2', '1/(2*B)' or "
            "'-1/(T*B)'."
        )
    return lambda case: _value(tree, _sizes(case.sizes))


def _sizes(sizes: Sizes) -> dict[str, float]:
    return {name: float(size) for name, size in asdict(sizes).items()}


def _value(node: ast.AST, sizes: dict[str, float]) -> float:
    """The value of an expression.

    Raises:
        KeyError: it holds anything but numbers, sizes, products and quotients.
    """
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return sizes[name]
        case ast.UnaryOp(op=sign, operand=inner):
            return _OF_ONE[type(sign)](_value(inner, sizes))
        case ast.BinOp(left=left, op=sign, right=right):
            return _OF_TWO[type(sign)](_value(left, sizes), _value(right, sizes))
        case _:
            raise KeyError(ast.dump(node))


COMMON = (
    *("-1", "2", "1/2", "1/B", "B", "1/T", "T", "1/(T*B)", "T*B", "1/O", "O"),
    *("1/(2*B)", "1/(2*T)", "1/(2*T*B)"),
)
FACTORS: dict[str, Factor] = {text: factor_of("factor", text) for text in COMMON}
"""Those that are looked for where a loss or a gradient is a multiple of the right one."""
