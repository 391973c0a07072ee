"""No bound of the room is a fixed number: no floor, no tolerance, no count of steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bptt_check import own_loss

FILES = sorted(Path(own_loss.__path__[0]).rglob("*.py"))


def fixed(source: str) -> list[str]:
    """What a source has of fixed tolerances, one line each."""
    return [what for node in ast.walk(ast.parse(source)) for what in _fixed(node, source)]


def _fixed(node: ast.AST, source: str) -> Iterator[str]:
    match node:
        case ast.Constant(value=float()) if "e" in _text(node, source):
            yield f"decimal tolerance: {_text(node, source)}"
        case ast.Call(func=ast.Name(id="max") | ast.Attribute(attr="maximum")):
            floors = [a for a in node.args if isinstance(a, ast.Constant)]
            if any(isinstance(a.value, float) and a.value for a in floors):
                yield f"absolute floor: {_text(node, source)}"
        case ast.BinOp(op=ast.Mult()):
            if any(_is_steps(side) for side in (node.left, node.right)):
                yield f"bound that grows with T: {_text(node, source)}"
        case _:
            pass


def _is_steps(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T" and "sizes" in ast.unparse(node)


def _text(node: ast.AST, source: str) -> str:
    return ast.get_source_segment(source, node) or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_bound_is_a_fixed_number(path: Path) -> None:
    """Every bound comes from a budget or from what was measured of the function itself."""
    assert fixed(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("abs(got - want) > 1e-6 * abs(want)", "decimal tolerance: 1e-6"),
        ("limit = max(abs(want), 1.0)", "absolute floor: max(abs(want), 1.0)"),
        ("limit = np.maximum(0.5, want)", "absolute floor: np.maximum(0.5, want)"),
        ("limit = unit * case.sizes.T", "bound that grows with T: unit * case.sizes.T"),
    ],
)
def test_fixed_bound_is_found(line: str, what: str) -> None:
    """As they stood in this room before."""
    assert fixed(line) == [what]


@pytest.mark.parametrize(
    "line",
    [
        "abs(got - want) > budget",
        "limit = max(noise, 0.0)",
        "count = max(1, left // 2)",
        "steps = range(case.sizes.T)",
        "SMALLEST = 2.0**-48",
    ],
)
def test_what_is_no_tolerance_is_left_alone(line: str) -> None:
    """Zero, counts, ranges and powers of two that say how something is measured."""
    assert fixed(line) == []
