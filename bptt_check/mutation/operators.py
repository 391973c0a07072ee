"""All operators by name: each takes one place in the source and yields the edits it makes there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from . import arithmetic, structure
from .mutant import Edit
from .sites import Peers, Site

OPERATORS: dict[str, Callable[[Site], Iterator[Edit]]] = {
    "flip sign": arithmetic.flip_sign,
    "swap operator": arithmetic.swap_operator,
    "drop term": arithmetic.drop_term,
    "drop factor": arithmetic.drop_factor,
    "transpose": arithmetic.transpose,
    "swap operands": arithmetic.swap_operands,
    "constant": arithmetic.change_constant,
    "extreme": arithmetic.swap_extreme,
    "function": arithmetic.swap_function,
    "condition": arithmetic.change_condition,
    "shift time": structure.shift_time,
    "shift slice": structure.shift_slice,
    "drop index": structure.drop_index,
    "range": structure.change_range,
    "assign for add": structure.assign_for_add,
    "delete statement": structure.delete_statement,
    "swap gates": structure.swap_gates,
}
"""Operators that need the syntax tree only."""

SWAP_NAME = "swap name"
"""The operator that also needs to know which locals are alike."""


def edits(site: Site, peers: Peers) -> Iterator[tuple[str, Edit]]:
    """Every edit of one place, with the name of its operator."""
    for name, operator in OPERATORS.items():
        for edit in operator(site):
            yield name, edit
    for edit in swap_name(site, peers):
        yield SWAP_NAME, edit


def swap_name(site: Site, peers: Peers) -> Iterator[Edit]:
    """Another array of the same shape, or another integer, that already has a value there."""
    node = site.node
    name = dotted(node)
    for other in peers.get(name, ()):
        base = other.partition(".")[0]
        if site.bound.get(base, node.lineno) < node.lineno and _kin(name, other):
            yield site.replace(node, other)


def dotted(node: ast.AST) -> str:
    """`tape.c` or `c` where a node reads a local or a field of one, else nothing."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}" if isinstance(node.ctx, ast.Load) else ""
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""


def _kin(name: str, other: str) -> bool:
    """Whether two names may be confused: both cotangents or neither, no sizes like T and B, and not
    the same thing under two names, like `slope` and `tape.slope`.
    """
    leaves = [n.rpartition(".")[2] for n in (name, other)]
    cotangents = [n.endswith("_bar") for n in leaves]
    telling = not any(n.isupper() or n == "_" for n in leaves)
    return telling and cotangents[0] == cotangents[1] and leaves[0] != leaves[1]
