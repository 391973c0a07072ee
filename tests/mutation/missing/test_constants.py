"""A constant that stands where a thing of the function should."""

from __future__ import annotations

import pytest
from support.repairs import edited

from bptt_check.mutation.missing import constants

SHAPES: dict[str, object] = {"a": (2, 3), "h": (2, 3), "b": (3,)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a * 1", {"a * h", "a * (1 - h)", "a * b"}),
        ("(0.5) * a", {"(h) * a", "((1 - h)) * a"}),
        ("g(0.0, a)", {"g(h, a)", "g(b, a)"}),
        ("a * (1)", {"a * ((1 - h ** 2))"}),
        ("np.zeros_like(a)", {"a", "h", "a * h", "h * (1 - a)"}),
    ],
)
def test_what_a_constant_stands_for_is_offered(before: str, after: set[str]) -> None:
    """In place of a factor, and of zeros."""
    shapes = SHAPES | {"np.zeros_like(a)": (2, 3)}
    found = edited(f"def f(a, h):\n    d = {before}\n", constants.for_constant, shapes)

    assert found >= {f"d = {text}" for text in after}


def test_a_term_is_no_constant_to_replace() -> None:
    """`1 - h` has no factor in it, and a value of another shape is none."""
    assert edited("def f(h):\n    d = 1 - h\n", constants.for_constant, SHAPES) == set()
    found = edited("def f(a):\n    d = np.zeros(3)\n", constants.for_constant, SHAPES)
    assert found == set()


def test_an_integer_argument_is_an_axis_or_a_count() -> None:
    """No array stands for it."""
    assert edited("def f(a, h):\n    d = g(a, 0)\n", constants.for_constant, SHAPES) == set()
