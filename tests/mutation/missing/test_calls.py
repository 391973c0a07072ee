"""Calls are left out, put around something, given a keyword."""

from __future__ import annotations

from support.repairs import edited

from bptt_check.mutation.missing import calls

SHAPES = {"a": (2, 3), "h": (2, 3), "W": (3, 3), "b": (3,), "s": (), "n": "int", "x": (2, 4)}


def test_a_call_is_taken_away_or_put_around() -> None:
    """Of a function that is called elsewhere in the function."""
    shapes = SHAPES | {"np.tanh(a)": (2, 3)}

    assert "d = h" in edited("def f():\n    d = np.tanh(h)\n", calls.without_call)
    assert "d = np.tanh(h)" in edited("def f():\n    d = h\n", calls.add_call, shapes)
    assert edited("def f():\n    d = h\n", calls.add_call, SHAPES) == set()


def test_another_function_takes_the_place_of_one() -> None:
    """What a fault starts from, and what the module calls elsewhere entry by entry."""
    code = "def f():\n    d = np.expm1(a)\n\n\ndef g(c):\n    return sigmoid(c), np.sum(c)\n"
    found = edited(code, calls.other_function)

    assert {"d = np.exp(a)", "d = sigmoid(a)", "return np.expm1(c), np.sum(c)"} <= found
    assert not any("np.sum(a)" in line or "expm1(c))" in line for line in found)


def test_a_keyword_is_left_out() -> None:
    """`sum(axis=0, keepdims=True)` without the last."""
    found = edited("def f():\n    d = a.sum(axis=0, keepdims=True)\n", calls.without_call)

    assert "d = a.sum(axis=0)" in found


def test_a_copy_is_offered() -> None:
    """Of a name that is an array; of a tensor a clone."""
    assert "d = a.copy()" in edited("def f():\n    d = a\n", calls.add_copy, SHAPES)
    code = "import torch\ndef f():\n    d = a\n"
    assert any("d = a.clone()" in text for text in edited(code, calls.add_copy, SHAPES))
    assert edited("def f():\n    d = n\n", calls.add_copy, SHAPES) == set()


def test_axes_are_kept() -> None:
    """Of a sum over an axis that does not keep it; of no other call."""
    assert edited("def f():\n    d = a.sum(axis=0)\n", calls.keep_axes) == {
        "d = a.sum(axis=0, keepdims=True)"
    }
    assert edited("def f():\n    d = a.sum(axis=0, keepdims=True)\n", calls.keep_axes) == set()
    assert edited("def f():\n    d = a.clip(0, 1)\n", calls.keep_axes) == set()
