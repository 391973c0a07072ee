"""Which expressions are evaluated beside a run: none that does something."""

from __future__ import annotations

import ast

import pytest

from bptt_check.diagnosis.repair.watching.expressions import is_harmless, pools_of


@pytest.mark.parametrize(
    "text", ["a + b", "h[t - 1].T", "np.tanh(a)", "a.sum(axis=0)", "sigmoid(a)"]
)
def test_what_changes_nothing(text: str) -> None:
    """Names, elements, operators, and functions that are known by their names."""
    assert is_harmless(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "text", ["stack.pop()", "f(a)", "open('x')", "(a := b)", "self.step(a)", "[x for x in y]"]
)
def test_what_may_change_something(text: str) -> None:
    """Calls of anything else, and what gives names a value."""
    assert not is_harmless(ast.parse(text, mode="eval").body)


def test_the_expressions_of_a_function() -> None:
    """Its own, those of a function in it by themselves; elements by the indices of others."""
    code = (
        "def f(a, hs):\n    for t in a:\n        b = hs[:, t] * a\n"
        "    def g(c):\n        return c + 1\n"
    )
    pools = pools_of(ast.parse(code))

    assert {"a", "hs[:, t]", "hs[:, t] * a"} <= set(pools["f"].expressions)
    assert pools["f"].elements["a"] == ("a[:, t]",)
    assert "c + 1" not in pools["f"].expressions
    assert pools["f"].lines == {2, 3}
    assert "c + 1" in pools["f.<locals>.g"].expressions


def test_what_a_slice_leaves_is_known() -> None:
    """The other columns; of a slice with both bounds, or a step, there is no rest."""
    code = "def f(d, n):\n    return d[:, n:], d[1:n], d[::2]\n"
    found = set(pools_of(ast.parse(code))["f"].expressions)

    assert "d[:, :n]" in found
    assert not found & {"d[n:1]", "d[:n]", "d[2::]"}
