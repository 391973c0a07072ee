"""What is known of shapes decides what is tried."""

from __future__ import annotations

import ast

import pytest

from bptt_check.mutation.missing.shapes import Surroundings, beside, broadcasts, product_shape


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        ((2, 3), (2, 3), True),
        ((3,), (2, 3), True),
        ((2, 1), (2, 3), True),
        ((), (2, 3), True),
        ((2,), (2, 3), False),
        ((2, 3), (3,), False),
    ],
)
def test_what_broadcasts(one: tuple[int, ...], other: tuple[int, ...], fits: bool) -> None:
    """As NumPy does it, but never to a larger shape."""
    assert broadcasts(one, other) is fits


def test_the_shape_of_a_product() -> None:
    """Of two matrices that meet, of a matrix and a vector, and of nothing else."""
    assert product_shape((2, 3), (3, 4)) == (2, 4)
    assert product_shape((3,), (3, 4)) == (4,)
    assert product_shape((2, 3), (3,)) == (2,)
    assert product_shape((2, 3), (2, 3)) is None
    assert product_shape((3,), (3,)) is None
    assert product_shape((), (3, 4)) is None


def test_what_is_not_known_fits_everything_and_is_like_nothing() -> None:
    """So that a long expression gets factors, but no wrong name."""
    around = Surroundings({"a": (2,), "n": "int"})

    assert around.of(ast.parse("b", mode="eval").body) is None
    assert list(around.fitting(None)) == ["a"]
    assert list(around.alike(None)) == []


def test_parentheses_where_they_are_needed() -> None:
    """Around sums and products, not around names."""
    assert [beside(t) for t in ("a", "a[t]", "f(a)", "a + b")] == ["a", "a[t]", "f(a)", "(a + b)"]
