"""One thing in the place of another of the same shape."""

from __future__ import annotations

from support.repairs import edited

from bptt_check.mutation.missing import names

SHAPES = {"a": (2, 3), "h": (2, 3), "h[t]": (2, 3), "b": (3,), "t": "int", "T": "int", "dW": (3,)}


def test_a_name_of_the_same_shape_takes_the_place() -> None:
    """Elements of a list too; nothing of another shape."""
    found = edited("def f():\n    d = a\n", names.other_name, SHAPES)

    assert found == {"d = h", "d = h[t]"}


def test_an_expression_of_the_same_shape_takes_the_place() -> None:
    """What is no name, or what takes the place of what is none."""
    found = edited("def f():\n    d = a\n", names.other_expression, SHAPES | {"a + h": (2, 3)})

    assert found == {"d = (a + h)"}


def test_another_target_gets_the_value() -> None:
    """Of the same shape alone."""
    assert edited("def f():\n    b += a\n", names.other_target, SHAPES) == {"dW += a"}


def test_two_elements_are_exchanged() -> None:
    """Of what is returned, and of arguments."""
    assert edited("def f():\n    return a, b\n", names.swap_elements) == {"return b, a"}
    assert "g(b, a)" in edited("def f():\n    g(a, b)\n", names.swap_elements)
    assert edited("def f():\n    a, b = c\n", names.swap_elements) == set()


def test_an_index_is_shifted() -> None:
    """Where it is an integer, in whatever loop it stands."""
    found = edited("def f():\n    d = h[t]\n", names.shift_index, SHAPES)

    assert found == {"d = h[t - 1]", "d = h[t + 1]"}
    assert edited("def f():\n    d = h[a]\n", names.shift_index, SHAPES) == set()


def test_a_loop_is_turned_around() -> None:
    """A range, and anything else as a list."""
    forwards = edited("def f():\n    for t in range(T):\n        pass\n", names.other_start)
    others = edited("def f():\n    for t in hs:\n        pass\n", names.other_start)

    assert "for t in reversed(range(T)):" in forwards
    assert others == {"for t in reversed(list(hs)):"}


def test_a_condition_is_fixed() -> None:
    """Always, or never."""
    found = edited("def f():\n    d = a if t else b\n", names.fixed_test)

    assert found == {"d = a if True else b", "d = a if False else b"}


def test_what_was_there_before_is_kept() -> None:
    """`+=` for `=`; what a name held as a term."""
    assert edited("def f():\n    b = a\n", names.add_for_assign) == {"b += a"}
    assert edited("def f():\n    b += a\n", names.add_for_assign) == set()
    assert edited("def f():\n    b += a\n", names.before_kept) == set()
    assert edited("def f():\n    b = a\n", names.before_kept) == {"b = b + a"}


def test_a_new_array_takes_the_place_of_one_that_is_written_into() -> None:
    """However it is; an element is written into an array all the same."""
    assert edited("def f():\n    b += a\n", names.new_array) == {"b = b + a"}
    assert edited("def f():\n    b *= a + c\n", names.new_array) == {"b = b * (a + c)"}
    assert edited("def f():\n    b -= a - c\n", names.new_array) == {"b = b - (a - c)"}
    assert edited("def f():\n    b[0] += a\n", names.new_array) == set()
    assert edited("def f():\n    b = a\n", names.new_array) == set()


def test_what_a_dict_held_before_is_kept() -> None:
    """If it held anything; of a list an element is there."""
    code = "def f():\n    d[name] = a\n"

    assert "d[name] = d.get(name, 0) + a" in edited(code, names.add_for_assign, {"d": "dict"})
    assert edited(code, names.add_for_assign, {"d": "list"}) == {"d[name] += a"}
