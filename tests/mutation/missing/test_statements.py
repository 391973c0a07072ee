"""Whole statements: moved, and new ones."""

from __future__ import annotations

import ast

import pytest

from bptt_check.mutation.missing import Surroundings
from bptt_check.mutation.missing.statements import (
    added_statements,
    blocks,
    doubled,
    missing_sums,
    moved,
    moved_in,
)
from bptt_check.mutation.source import Text

CODE = """def f(T):
    a = 0
    for t in range(T):
        b = 1
        a = a + b
    return a
"""


def results(code: str, kind: str) -> set[str]:
    """The texts that a kind of edit of a function makes, all of them Python."""
    text, function = Text(code), next(n for n in ast.parse(code).body)
    assert isinstance(function, ast.FunctionDef)
    found: set[str] = set()
    for block in blocks(function):
        drawn = {"moved": moved, "moved_in": moved_in, "doubled": doubled}[kind](text, block)
        found |= {edit.apply(code) for _, edit in drawn}
    for one in found:
        ast.parse(one)
    return found


def test_a_statement_is_moved_in_its_block() -> None:
    """Two statements in the other order."""
    assert CODE.replace(
        "        b = 1\n        a = a + b\n", "        a = a + b\n        b = 1\n"
    ) in (results(CODE, "moved"))


def test_a_statement_is_moved_out_of_its_loop() -> None:
    """Behind it, and before it."""
    without = CODE.replace("        a = a + b\n", "")

    assert without.replace("    return", "    a = a + b\n    return") in results(CODE, "moved")
    assert without.replace("    for", "    a = a + b\n    for") in results(CODE, "moved")


def test_a_statement_is_moved_into_a_loop() -> None:
    """As its first, and as its last."""
    without = CODE.replace("    a = 0\n", "")

    assert without.replace("        b = 1", "        a = 0\n        b = 1") in results(
        CODE, "moved_in"
    )
    assert without.replace("a + b\n", "a + b\n        a = 0\n") in results(CODE, "moved_in")


def test_nothing_is_moved_behind_a_return() -> None:
    """It would never run."""
    assert not any(one.rstrip().endswith("a = 0") for one in results(CODE, "moved"))


def test_a_sum_is_made_twice() -> None:
    """Of statements that add up alone."""
    code = "def f(a):\n    b = 0\n    b += a\n    return b\n"

    assert results(code, "doubled") == {code.replace("    b += a\n", "    b += a\n    b += a\n")}


def test_a_sum_that_is_never_added_up_gets_a_statement() -> None:
    """At the end of the loop, of what has its shape; not of what has a value in the loop."""
    code = "def f(xs):\n    d = z\n    for x in xs:\n        y = x\n    return d\n"
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    seen = {4: Surroundings({"d": (3,), "y": (3,), "x": (2, 3), "W": (3, 3)})}
    found = {
        edit.text.strip()
        for block in blocks(function)
        for _, edit in added_statements(Text(code), block, function, seen)
    }

    assert {"d += y", "d = y", "d += x.sum(axis=0)"} <= found
    assert not any(one.startswith(("y", "W", "x")) for one in found)


def test_zeros_that_another_loop_adds_up_are_left_alone() -> None:
    """Around the innermost loop, or behind it."""
    code = (
        "def f(xs, y):\n    d = zeros(3)\n    for x in xs:\n        pass\n"
        "    for x in xs:\n        d += x\n    return d\n"
    )
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    seen = {line: Surroundings({"d": (3,), "x": (3,)}) for line in (4, 6)}

    assert not [
        edit
        for block in blocks(function)
        for _, edit in missing_sums(Text(code), block, function, seen)
    ]


@pytest.mark.parametrize(
    ("written", "offered"),
    [("pass", {"d += x", "d += y.sum(axis=0)"}), ("d += x", set()), ("d[0] = x", set())],
)
def test_zeros_that_are_never_added_up_are(written: str, offered: set[str]) -> None:
    """At the end of the loop; where anything is written to them, nothing is offered."""
    code = f"def f(xs, y):\n    d = zeros(3)\n    for x in xs:\n        {written}\n    return d\n"
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    seen = {4: Surroundings({"d": (3,), "x": (3,), "y": (2, 3)})}
    found = {
        edit.text.strip()
        for block in blocks(function)
        for _, edit in missing_sums(Text(code), block, function, seen)
    }

    assert found >= offered
    assert bool(found) is bool(offered)
