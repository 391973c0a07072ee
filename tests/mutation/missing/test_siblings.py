"""What one gate has and another lacks is offered as the others have it."""

from __future__ import annotations

import ast

from bptt_check.mutation.missing import Surroundings
from bptt_check.mutation.missing.siblings import MOST, sibling_edits
from bptt_check.mutation.missing.statements import blocks
from bptt_check.mutation.source import Text

SQUARE, FLAT, WIDE = (3, 3), (3,), (2, 3)
SHAPES = {
    **{f"g['W{k}']": SQUARE for k in "fio"},
    **{f"W['W{k}']": SQUARE for k in "fio"},
    **{f"W['b{k}']": FLAT for k in "fio"},
    **dict.fromkeys(("df", "di", "do", "h", "f", "i", "o"), WIDE),
    "g": "dict",
    "W": "dict",
}


def offered(*body: str) -> list[str]:
    """What a function with this body becomes: its lines that differ, in the order of the edits."""
    code = "".join(["def step(W, g, h, df, di, do):\n", *(f"    {line}\n" for line in body)])
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    seen = {n: Surroundings(SHAPES) for n in range(2, 2 + len(body))}
    before, found = code.splitlines(), list[str]()
    for block in blocks(function):
        for _, edit in sibling_edits(Text(code), block, function, seen):
            after = edit.apply(code)
            ast.parse(after)
            found += [line.strip() for line in after.splitlines() if line not in before]
    return found


def test_a_gradient_that_is_never_added_up() -> None:
    """As that of another gate is, from whatever has the shape; none that is added up already."""
    found = offered("g['Wf'] += df.T @ h", "g['Wo'] += do.T @ h")

    assert "g['Wi'] += di.T @ h" in found
    assert not any(line.startswith(("g['Wf']", "g['Wo']")) for line in found)


def test_a_term_that_a_sum_lacks() -> None:
    """Of weights that the statement does not read; those come first that nothing reads."""
    found = offered("dh = df @ W['Wf'] + di @ W['Wi']", "return dh")

    assert "dh = df @ W['Wf'] + di @ W['Wi'] + do @ W['Wo']" in found
    assert not any(line.count("W['Wf']") == 2 for line in found)
    first = offered("u = h @ W['Wi']", "dh = df @ W['Wf']")[0]
    assert first.startswith("u = h @ W['Wi'] + ")


def test_a_value_that_lacks_a_part() -> None:
    """As the same is written of another gate, with the keys of its own."""
    found = offered(
        "f = h + W['bf']", "i = s(h @ W['Wi'].T + W['bi'])", "o = s(h @ W['Wo'].T + W['bo'])"
    )

    assert "f = s(h @ W['Wf'].T + W['bf'])" in found
    two = offered(
        "f = s(h @ W['Wf'].T + W['bf'])", "i = s(h @ W['Wi'].T + x @ W['Wo'].T + W['bi'])"
    )
    assert "i = s(h @ W['Wi'].T + W['bi'])" in two  # each key in its turn


def test_names_without_keys_have_no_siblings() -> None:
    """Nor has an element of a list."""
    assert offered("dh = df @ U", "hs[0] = h") == []


def test_edits_of_a_statement_have_an_end() -> None:
    """However many names there are."""
    code = "def step(W, h):\n    dh = h @ W['k0']\n"
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    shapes = {f"W['k{n}']": SQUARE for n in range(60)} | {f"n{n}": WIDE for n in range(60)}
    (block,) = blocks(function)
    seen = {2: Surroundings({**shapes, "h": WIDE})}

    assert len(list(sibling_edits(Text(code), block, function, seen))) == MOST
