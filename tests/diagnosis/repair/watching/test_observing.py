"""Shapes of what a run holds, line by line."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

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


def kept(p: dict[Any, Any], cache: tuple[Any, ...]) -> object:
    """Values under texts, of which it names one, and in a tuple."""
    return p["W"] + cache[0]


def observed() -> Observer:
    """A run of `sample`."""
    return watched(sample, lambda: sample(2))


def watched(function: Callable[..., object], run: Callable[[], object]) -> Observer:
    """What is seen of a function in a run."""
    name, file = function.__name__, inspect.getfile(function)
    pool = pools_of(ast.parse(inspect.getsource(function)))[name]
    observer = Observer({(file, name): replace(pool, lines=frozenset(range(1000)))})
    observer.watch(run)
    return observer


def test_what_is_kept_under_a_text_is_seen() -> None:
    """All of a dict, whichever the function names; elements of tuples; not under other keys."""
    p = {"W": np.ones((2, 3)), "U": np.ones(4), 7: np.ones(5)}
    last = list(watched(kept, lambda: kept(p, (np.ones(3), np.ones(3)))).seen.values())[-1]

    assert last.shapes["p"] == "dict"
    assert (last.shapes["p['W']"], last.shapes["p['U']"]) == ((2, 3), (4,))
    assert last.shapes["cache[0]"] == (3,)
    assert "p[7]" not in last.shapes


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
        ([1.0], "list"),
        ((1.0, 2.0), "tuple"),
        ({"a": 1.0}, "dict"),
        ({1.0}, None),
    ],
)
def test_shapes(value: object, shape: object) -> None:
    """Arrays of floating-point numbers, numbers, and integers apart."""
    assert shape_of(value) == shape


def aliased(self: Any, a: float) -> object:
    """A function that has a dict under two names."""
    p = self.p
    return p, a


def test_what_two_names_share_is_seen_once() -> None:
    """Each of them offered as often as the other would be for nothing."""

    class Holder:
        p: ClassVar[dict[str, float]] = {"W": 1.0, "b": 2.0}

    seen = watched(aliased, lambda: aliased(Holder(), 3.0))
    last = max(seen.seen.values(), key=lambda line: line.line)

    assert {"p['W']", "p['b']"} <= set(last.shapes)
    assert "self.p['b']" not in last.shapes
