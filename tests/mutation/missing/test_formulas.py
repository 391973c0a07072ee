"""What a formula lacks is put into it, where the shapes fit."""

from __future__ import annotations

import pytest
from support.repairs import edited

from bptt_check.mutation.missing import formulas

SHAPES = {"a": (2, 3), "h": (2, 3), "W": (3, 3), "b": (3,), "s": (), "n": "int", "x": (2, 4)}


def test_a_factor_goes_inside_a_transpose() -> None:
    """`(h * a).T`, which a factor outside could not say."""
    found = edited("def f(h):\n    d = h.T @ W\n", formulas.add_factor, SHAPES)

    assert "d = (h * a).T @ W" in found
    assert not any("W.T" in line for line in found)


def test_a_factor_that_fits_is_offered() -> None:
    """The value of a statement times whatever broadcasts to it."""
    found = edited("def f():\n    d = a\n", formulas.add_factor, SHAPES)

    assert {"d = a * h", "d = a * b", "d = a * s"} <= found


@pytest.mark.parametrize("text", ["W", "x", "n"])
def test_a_factor_that_does_not_fit_is_not(text: str) -> None:
    """Another shape, and an integer."""
    assert f"d = a * {text}" not in edited("def f():\n    d = a\n", formulas.add_factor, SHAPES)


def test_a_factor_of_an_operand_of_a_matrix_product_has_parentheses() -> None:
    """`a @ b * c` would be another product."""
    found = edited("def f():\n    d = a @ W\n", formulas.add_factor, SHAPES)

    assert "d = (a * h) @ W" in found


def test_a_slope_is_written_in_the_value() -> None:
    """Of tanh and of the sigmoid."""
    found = edited("def f():\n    d = a\n", formulas.add_slope, SHAPES)

    assert {"d = a * (1 - h ** 2)", "d = a * h * (1 - h)"} <= found
    assert not any("b" in line for line in found)


def test_a_term_is_added_and_subtracted() -> None:
    """Also inside a product."""
    found = edited("def f():\n    d = a * h\n", formulas.add_term, SHAPES | {"a * h": (2, 3)})

    assert {"d = (a * h + h)", "d = (a * h - b)", "d = (a + h) * h"} <= found
    assert not any("W" in line for line in found)


def test_a_product_of_two_matrices_is_a_term() -> None:
    """With the transposes that make its shape."""
    found = edited("def f():\n    d = a\n", formulas.add_product_term, SHAPES)

    assert {"d = (a + h @ W)", "d = (a + h @ W.T)", "d = (a + a * h)"} <= found
    assert not any("x @" in line for line in found)


def test_a_product_is_a_term_of_what_is_written_over() -> None:
    """Its shape is that of what stood there before; of what is new nothing is known."""
    again = edited("def f(h):\n    h = g(h)\n", formulas.add_product_term, SHAPES)

    assert "h = (g(h) + a * h)" in again
    assert edited("def f(h):\n    k = g(h)\n", formulas.add_product_term, SHAPES) == set()


def test_a_product_of_a_matrix_and_a_vector_is_a_term() -> None:
    """Of code that takes one sequence at a time."""
    shapes = {"a": (2,), "U": (2, 3), "h": (3,)}
    found = edited("def f():\n    d = a\n", formulas.add_product_term, shapes)

    assert {"d = (a + U @ h)", "d = (a + h @ U.T)"} <= found
    assert not any("h @ U)" in line for line in found)


def test_a_name_under_a_function_of_the_module_is_a_factor() -> None:
    """One that works entry by entry, of what has the shape of the value."""
    code = "def f():\n    d = a\n\n\ndef g(c):\n    return np.tanh(c), np.sum(c)\n"
    found = edited(code, formulas.add_activated_factor, SHAPES)

    assert "d = a * np.tanh(h)" in found
    assert not any("np.sum(h)" in line or "tanh(b)" in line for line in found)


def test_a_division_by_a_number_of_things_is_offered() -> None:
    """A name that is an integer, the length of an axis, and 2."""
    found = edited("def f():\n    d = a\n", formulas.add_scale, SHAPES)

    assert {"d = a / n", "d = a * n", "d = a / a.shape[0]", "d = a / 2"} <= found


def test_a_sum_and_a_transpose_are_offered() -> None:
    """Of a value that is no number."""
    code = "def f():\n    d += a\n"

    assert "d += a.sum(axis=0)" in edited(code, formulas.add_sum, SHAPES)
    assert "d += a.T" in edited(code, formulas.add_transpose, SHAPES)
    assert edited("def f():\n    d += s\n", formulas.add_sum, SHAPES) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1 - h * h", "h * (1 - h)"),
        ("1 - h ** 2", "h * (1 - h)"),
        ("h * (1 - h)", "(1 - h ** 2)"),
        ("1 - h", "(1 - h ** 2)"),
    ],
)
def test_a_slope_becomes_that_of_another_activation(before: str, after: str) -> None:
    """Tanh and the sigmoid are taken for each other, and a square is forgotten."""
    found = edited(f"def f():\n    d = a * ({before})\n", formulas.other_slope)

    assert any(after in line for line in found)


def test_a_power_is_offered() -> None:
    """Of a name that is an array."""
    assert "d = 1 - h ** 2" in edited("def f():\n    d = 1 - h\n", formulas.add_power, SHAPES)
    assert edited("def f():\n    d = n\n", formulas.add_power, SHAPES) == set()


def test_what_is_left_of_one_is_offered() -> None:
    """For a power, and for each factor."""
    assert "d = (1 - h ** 2)" in edited("def f():\n    d = h ** 2\n", formulas.complement)
    assert edited("def f():\n    d = z * h\n", formulas.complement) == {
        "d = (1 - z) * h",
        "d = z * (1 - h)",
    }


def test_a_factor_may_be_a_sum_or_a_product() -> None:
    """Of two things of the same shape."""
    found = edited("def f():\n    d = a\n", formulas.add_two_factors, SHAPES)

    assert found == {"d = a * (a + h)", "d = a * a * h"}


def test_no_module_and_no_list_is_an_array() -> None:
    """A name that is no local and whose shape nobody has seen; a list of arrays."""
    code = "def f(a, hs):\n    d = np.stack([a for _ in hs])\n"
    shapes = {"a": (2, 3), "hs": "list"}
    found = edited(code, formulas.add_transpose, shapes) | edited(code, formulas.add_sum, shapes)

    assert not any("np." not in line or "hs." in line or "]." in line for line in found)
    assert "d = g.T" in edited("def f(g):\n    d = g\n", formulas.add_transpose)
