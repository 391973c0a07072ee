"""What is added up beside its like, and one of which is not."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from bptt_check.mutation.missing import Surroundings
from bptt_check.mutation.missing.statements import blocks
from bptt_check.mutation.missing.unwritten import unwritten_sums
from bptt_check.mutation.sites import functions
from bptt_check.mutation.source import Text


def added(code: str, shapes: Mapping[str, object]) -> set[str]:
    """The lines that are added to the first function of a text."""
    around = Surroundings(dict(shapes))  # type: ignore[arg-type]
    ((_, function), *_) = functions(ast.parse(code))
    seen = {n.lineno: around for n in ast.walk(function) if isinstance(n, ast.stmt)}
    before = set(code.splitlines())
    made = [
        edit.apply(code)
        for block in blocks(function)
        for _, edit in unwritten_sums(Text(code), block, function, seen)
    ]
    assert all(ast.parse(text) for text in made)
    return {line.strip() for text in made for line in set(text.splitlines()) - before}


def test_an_element_beside_another_gets_what_has_its_shape() -> None:
    """An array, a sum over a batch; what is written to already gets nothing."""
    code = 'def f(g, d, h):\n    g["W"] += d.T @ h\n    g["V"] += d.T @ h\n'
    shapes = {"g['W']": (3, 3), "g['V']": (3, 3), "g['b']": (3,), "d": (2, 3), "h": (2, 3)}
    found = added(code, shapes)

    assert "g['b'] += d.sum(axis=0)" in found
    assert not any(line.startswith(("g['W']", "g['V']")) for line in found)


def test_a_matrix_gets_products_also_of_vectors() -> None:
    """Of code that takes one sequence at a time."""
    shapes = {"g['b']": (3,), "g['W']": (3, 2), "d": (3,), "x": (2,)}
    found = added('def f(g, d, x):\n    g["b"] += d\n', shapes)

    assert "g['W'] += d[:, None] * x" in found


def test_keys_that_are_put_together_have_other_beginnings() -> None:
    """`"c" + gate` beside `"W" + gate`: what the keys end with tells which there are."""
    keys = {f"s.g['{a}{b}']": (3,) for a in "bc" for b in "rzn"} | {"s.g['v']": (5,)}
    code = 'def add(s, gate, d):\n    s.g["b" + gate] += d\n'
    found = added(code, {**keys, "d": (3,), "gate": "text"})

    assert found == {"s.g['c' + gate] += d", "s.g['c' + gate] += d * d"}


def test_a_number_that_stays_zero_in_a_loop_gets_sums() -> None:
    """A loss that nothing is added to; one that something is added to is left alone."""
    code = "def f(e):\n    out, loss = [], 0.0\n    for t in e:\n        out.append(t)\n"
    shapes = {"e": (3, 2), "t": (2,)}

    assert {"loss += (t ** 2).sum()", "loss += -t.sum()"} <= added(code, shapes)
    written = code.replace("out.append(t)", "loss += t.sum()")
    assert added(written, shapes) == set()
