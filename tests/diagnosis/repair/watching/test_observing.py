"""Shapes of what a run holds, line by line."""

from __future__ import annotations

import ast
import inspect

import numpy as np
import pytest

from bptt_check.diagnosis.repair.watching.expressions import pools_of
from bptt_check.diagnosis.repair.watching.observing import Observer, shape_of


def sample(count: int) -> float:
    """A carry that begins as a number, and a name that changes its shape."""
    carry = 0.0
    for t in range(count):
        carry = carry + np.ones((2, 3))
        other = np.ones(t + 1)
        carry = carry / other[0]
    return carry[5, 5]  # type: ignore[index]


def observed() -> Observer:
    """A run of it."""
    file = inspect.getfile(sample)
    pools = pools_of(ast.parse(inspect.getsource(sample)))
    lines = frozenset(range(1000))
    watched = Observer(
        {(file, "sample"): type(pools["sample"])(pools["sample"].expressions, lines)}
    )
    watched.watch(lambda: sample(2))
    return watched


def test_a_carry_is_an_array_where_it_ever_is() -> None:
    """In its first turn it is the number 0; what has two shapes has none."""
    first = inspect.getsourcelines(sample)[1]
    shapes = {line - first: seen.shapes for (_, _, line), seen in observed().seen.items()}

    assert shapes[4]["carry"] == (2, 3)
    assert shapes[4]["t"] == "int"
    assert "other" not in shapes[6]


def test_the_line_that_raises_is_known() -> None:
    """The run itself goes on."""
    first = inspect.getsourcelines(sample)[1]

    assert observed().raised == (inspect.getfile(sample), first + 7)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (np.ones((2, 3)), (2, 3)),
        (1.5, ()),
        (3, "int"),
        (np.int64(3), "int"),
        (np.float64(3), ()),
        (True, None),
        (np.ones(3, dtype=int), None),
        ("text", None),
        ([1.0], None),
    ],
)
def test_shapes(value: object, shape: object) -> None:
    """Arrays of floating-point numbers, numbers, and integers apart."""
    assert shape_of(value) == shape
