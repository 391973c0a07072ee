"""Lines that make an object make an equal one, or are not written at all."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.subjects.origin import NotWritable, origin_of, written

LARGE = np.zeros(1000)
KNOWN = {"a": 1}


def renamed() -> type:
    class Inside:
        def twice(self, x: float) -> float:
            return 2 * x

    Inside.__name__ = "Outside"
    return Inside


def test_a_class_under_a_name_that_its_source_lacks_is_not_written() -> None:
    """The lines would name what they do not define; under its own name it is written."""
    with pytest.raises(NotWritable):
        written(renamed())
    inside = renamed()
    inside.__name__ = "Inside"

    assert "class Inside:" in "\n".join(written(inside)[0])


@dataclass(frozen=True)
class Options:
    size: int = 3
    names: tuple[str, ...] = field(default_factory=tuple)


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count


def made(value: Any) -> Any:
    """What the lines for an object make."""
    names: dict[str, Any] = {"__name__": "__main__"}
    lines, text = written(value)
    exec("\n".join(["from __future__ import annotations", *lines]), names)
    return eval(text, names)


@pytest.mark.parametrize(
    "value",
    [
        1.5, -0.0, math.inf, "a'b", b"c", None, 3 + 2j, (1,), [], {"a": [1, {2}]}, frozenset([4]),
        np.tanh, math.sqrt, int, functools.reduce, Options(4, ("x",)), bc.Convention(columns=True),
        bc.conventions.keras, bc.Model(cell="gru"),
    ],
)  # fmt: skip
def test_a_value_is_written_so_that_it_reads_back(value):
    """Numbers to the last bit, containers, functions of installed modules, dataclasses."""
    again = made(value)

    assert again == value
    assert type(again) is type(value)


def test_arrays_keep_their_dtype():
    """And their numbers."""
    again = made({"p": np.array([[0.1, np.inf]], "float32")})["p"]

    assert again.dtype == np.float32
    assert np.array_equal(again, np.array([[0.1, np.inf]], "float32"))


def closures() -> dict[str, Callable[..., Any]]:
    """Functions of every kind that needs what is around it."""
    base = 2.0
    by_name = {"twice": lambda x: base * x}
    calls = []

    def helper(x: float, times: float = base) -> float:
        calls.append(x)
        return times * x

    def recursive(n: int) -> int:
        return 1 if n == 0 else n * recursive(n - 1)

    def outer(x: float) -> float:
        return helper(x) + by_name["twice"](x) + math.sqrt(Options(4).size)

    count = Counter()
    count.count = 7
    return {
        "helper": helper,
        "outer": outer,
        "recursive": recursive,
        "partial": functools.partial(helper, times=5.0),
        "method": Counter().__call__,
        "object": count,
        "nested": lambda x: (lambda y: y + base)(x),
    }


@pytest.mark.parametrize(
    ("name", "given", "result"),
    [
        ("helper", (3.0,), 6.0),
        ("outer", (3.0,), 14.0),
        ("recursive", (5,), 120),
        ("partial", (2.0,), 10.0),
        ("method", (), 0),
        ("object", (), 7),
        ("nested", (1.0,), 3.0),
    ],
)
def test_a_function_is_written_with_what_it_needs(name, given, result):
    """Helpers, constants, defaults, classes, its own name."""
    assert made(closures()[name])(*given) == result


def of_large(x: float) -> float:
    return float(LARGE.sum()) + x


@pytest.mark.parametrize(
    "value",
    [
        threading.Lock(),
        eval("lambda x: x"),
        LARGE,
        "x" * 1000,
        functools.reduce(lambda inner, _: [inner], range(100), []),
        (lambda lock: lambda: lock)(threading.Lock()),
    ],
    ids=["lock", "no source", "large", "long", "deep", "closure of a lock"],
)
def test_what_cannot_be_written_is_refused(value):
    """Rather than something else in its place."""
    with pytest.raises(NotWritable):
        written(value)


def test_a_name_that_stands_for_two_things_is_refused():
    """Two functions of one name cannot both be at the top of a module."""

    def one() -> Any:
        def same(case: Any) -> Any:
            return case

        return same

    def two(inner: Any) -> Any:
        def same(case: Any) -> Any:
            return inner(case)

        return same

    assert origin_of(two(one())).setup == ()
    assert origin_of(one()).setup[-1] == "subject = same"


class Hostile:
    """An object that raises when it is looked at."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __call__(self, case: Any) -> Any:
        return 0.0, {}


def test_an_object_that_raises_when_looked_at_has_no_origin():
    """And no check fails for it."""
    assert origin_of(Hostile()).lines == ()
