"""Statements that somebody deleted are written again."""

from __future__ import annotations

import ast

import pytest

from bptt_check.mutation.missing import Surroundings
from bptt_check.mutation.missing.lost import lost_appends, lost_carries, lost_paths
from bptt_check.mutation.missing.statements import blocks
from bptt_check.mutation.source import Text

SHAPES = {"carry": (2, 3), "d": (2, 3), "e": (2, 3), "W": (3, 3), "hs[t]": (2, 3), "g": (2, 3)}


def offered(kind: str, *body: str, line: int | None = None) -> set[str]:
    """The statements that are offered for a loop with this body."""
    lines = "".join(f"        {one}\n" for one in body)
    code = (
        f"def f(W, g, hs):\n    carry = g + g\n    kept, used = [], [g]\n    for t in hs:\n{lines}"
    )
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    seen = {line or 4 + len(body): Surroundings(SHAPES)}
    found: set[str] = set()
    for block in blocks(function):
        if kind == "paths":
            drawn = lost_paths(Text(code), block, seen)
        else:
            lost = {"carries": lost_carries, "appends": lost_appends}[kind]
            drawn = lost(Text(code), block, function, seen)
        for _, edit in drawn:
            ast.parse(edit.apply(code))
            found.add(edit.text.strip())
    return found


def test_a_carry_that_never_changes_gets_a_value() -> None:
    """Of what the loop computes, and of products with it; not of what comes from outside."""
    found = offered("carries", "d = carry * 2", "e = d @ W")

    assert {"carry = d", "carry = e", "carry = e @ W.T", "carry = d * e"} <= found
    assert not found & {"carry = g", "carry = g * g", "carry = hs[t]"}


@pytest.mark.parametrize("last", ["carry = d", "carry += d", "carry[0] = d"])
def test_a_carry_that_changes_is_left_alone(last: str) -> None:
    """However it does."""
    assert offered("carries", "d = carry * 2", last) == set()


def test_what_is_read_element_by_element_is_no_carry() -> None:
    """Nor what is not read at all."""
    assert offered("carries", "d = carry[t] * 2", "e = d @ W") == set()
    assert offered("carries", "d = g * 2", "e = d @ W") == set()


def test_what_is_unpacked_is_no_carry() -> None:
    """Weights that were kept for the backward pass."""
    code = "def f(kept, hs):\n    {} = {}\n    for t in hs:\n        d = carry * 2\n"
    counts: list[int] = []
    for target, value in (("carry, g", "kept"), ("carry, g", "hs[0], hs[1]")):
        text = code.format(target, value)
        function = ast.parse(text).body[0]
        assert isinstance(function, ast.FunctionDef)
        seen = {4: Surroundings(SHAPES)}
        found = (lost_carries(Text(text), b, function, seen) for b in blocks(function))
        counts.append(sum(len(list(of_block)) for of_block in found))

    assert counts[0] == 0 < counts[1]


def test_a_list_that_never_grows_gets_an_element() -> None:
    """An array of the loop; a list that grows is left alone."""
    found = offered("appends", "used.append(g)", "d = carry * 2")

    assert found == {"kept.append(d)"}
    assert offered("appends", "used.append(g)", "kept.insert(0, g)", "d = g") == set()


def test_a_path_is_added_before_what_reads_it() -> None:
    """To a local that a statement reads, a product of two other things; not to what it writes."""
    found = offered("paths", "e = d * 2", line=5)

    assert "d = d + g @ W" in found
    assert not any(one.startswith("e = e") or "d * " in one for one in found)
