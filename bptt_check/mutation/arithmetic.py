"""Edits of formulas: signs, terms, factors, constants, transposes, extremes, comparisons."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .mutant import Edit
from .sites import Site

PRODUCTS = ("multiply", "dot", "divide", "matmul", "vdot", "outer")
TERMS = {"add": "subtract", "subtract": "add"}
FACTORS = {"multiply": "divide", "divide": "multiply"}
EXTREMES = {
    "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum",
    "greater": "less", "less": "greater", "argmax": "argmin", "argmin": "argmax",
}  # fmt: skip
FUNCTIONS = {
    "sum": "mean", "mean": "sum", "cosh": "sinh", "sinh": "cosh", "square": "abs",
    "exp": "expm1", "log1p": "log", "log": "log1p", "tanh": "sin", "sqrt": "abs",
}  # fmt: skip
SIGNS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"),
    ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.NotIn: ("not in", "in"),
}  # fmt: skip


def flip_sign(site: Site) -> Iterator[Edit]:
    """A minus taken away; a product, or a value that is stored, negated."""
    node = site.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield site.replace(node, site.text_of(node.operand))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
        yield site.replace(node.left, f"-{site.operand(node.left)}")
    elif name_of_call(node) in PRODUCTS and isinstance(node, ast.Call) and len(node.args) > 1:
        yield site.replace(node.args[0], f"-{site.operand(node.args[0])}")
    elif isinstance(node, ast.Assign) and _is_one_value(node):
        yield site.replace(node.value, f"-{site.text_of(node.value)}")


def swap_operator(site: Site) -> Iterator[Edit]:
    """`+` for `-`, `*` for `/` and the other way round, also as `+=`, as `np.add`, ..."""
    node = site.node
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        yield site.between(node.left, node.right, *SIGNS[type(node.op)])
    elif isinstance(node, ast.AugAssign) and type(node.op) in SIGNS:
        yield site.between(node.target, node.value, *SIGNS[type(node.op)])
    else:
        yield from _renamed(site, TERMS | FACTORS)


def drop_term(site: Site) -> Iterator[Edit]:
    """One summand left out: `1.0 - x` becomes `x`, `-x` or `1.0`."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield site.replace(node, site.operand(node.left))
        yield site.replace(node, site.operand(node.right))
        if isinstance(node.op, ast.Sub):
            yield site.replace(node, f"(-{site.operand(node.right)})")
    elif name_of_call(node) in TERMS and isinstance(node, ast.Call) and len(node.args) > 1:
        yield from (site.replace(argument, "0.0") for argument in node.args[:2])


def drop_factor(site: Site) -> Iterator[Edit]:
    """One factor, or the divisor, left out."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        yield site.replace(node, site.operand(node.left))
        if isinstance(node.op, ast.Mult):
            yield site.replace(node, site.operand(node.right))
    elif name_of_call(node) in FACTORS and isinstance(node, ast.Call) and len(node.args) > 1:
        dropped = node.args[:2] if name_of_call(node) == "multiply" else node.args[1:2]
        yield from (site.replace(a, "1.0") for a in dropped if not isinstance(a, ast.Constant))


def transpose(site: Site) -> Iterator[Edit]:
    """`.T` taken away, or put behind an operand of a matrix product."""
    node = site.node
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield site.replace(node, site.operand(node.value))
    operands: list[ast.expr] = []
    if name_of_call(node) in ("dot", "matmul") and isinstance(node, ast.Call):
        operands = node.args[:2]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        operands = [node.left, node.right]
    for operand in operands:
        if not (isinstance(operand, ast.Attribute) and operand.attr == "T"):
            yield site.replace(operand, f"{site.operand(operand)}.T")


def swap_operands(site: Site) -> Iterator[Edit]:
    """The two operands of a difference, a quotient or a matrix product the other way round."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult)):
        sign = {ast.Sub: "-", ast.Div: "/", ast.MatMult: "@"}[type(node.op)]
        turned = f"{site.operand(node.right)} {sign} {site.operand(node.left)}"
        yield site.replace(node, f"({turned})")
    elif isinstance(node, ast.Call) and name_of_call(node) in ("subtract", "divide", "dot"):
        first, second = node.args[:2]
        start, end = site.text.span(first)[0], site.text.span(second)[1]
        yield Edit(start, end, f"{site.text_of(second)}, {site.text_of(first)}")


def change_constant(site: Site) -> Iterator[Edit]:
    """Another number: 2 becomes 1, 1 becomes 0 or 2, 0 becomes 1; True becomes False."""
    node = site.node
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield site.replace(node, str(not node.value))
    elif isinstance(node.value, (int, float)):
        steps = (1, -1) if node.value else (1,)
        yield from (site.replace(node, repr(node.value + step)) for step in steps)


def swap_extreme(site: Site) -> Iterator[Edit]:
    """`max` for `min`, `np.maximum` for `np.minimum`, greater for less."""
    return _renamed(site, EXTREMES)


def swap_function(site: Site) -> Iterator[Edit]:
    """A function for one that is easily confused with it: `sum` and `mean`, `cosh` and `sinh`."""
    return _renamed(site, FUNCTIONS)


def change_condition(site: Site) -> Iterator[Edit]:
    """`<` for `<=`, `==` for `!=`, `and` for `or`; a `not` taken away."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        yield site.between(node.left, node.comparators[0], *COMPARISONS[type(node.ops[0])])
    elif isinstance(node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        yield site.between(node.values[0], node.values[1], old, new)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield site.replace(node, site.operand(node.operand))
    elif isinstance(node, ast.IfExp):
        yield site.replace(node, f"({site.operand(node.body)})")
        yield site.replace(node, f"({site.operand(node.orelse)})")


def name_of_call(node: ast.AST) -> str:
    """The last part of the name of the function that is called: `np.add(...)` gives `add`."""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _is_one_value(node: ast.Assign) -> bool:
    """Whether what a call or an index gave is stored under one name, and no product is negated."""
    stored = isinstance(node.value, (ast.Call, ast.Subscript))
    one = not isinstance(node.targets[0], ast.Tuple)
    return stored and one and name_of_call(node.value) not in PRODUCTS


def _renamed(site: Site, names: dict[str, str]) -> Iterator[Edit]:
    """A call of one function turned into a call of another."""
    node = site.node
    name = name_of_call(node)
    if isinstance(node, ast.Call) and name in names:
        end = site.text.span(node.func)[1]
        yield Edit(end - len(name), end, names[name])
