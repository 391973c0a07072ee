"""Code is exchanged in memory: whoever holds the function runs the other code, and then the old."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from bptt_check.diagnosis.repair.messages import FunctionText
from bptt_check.diagnosis.repair.own_file import OwnFile
from bptt_check.diagnosis.repair.running.live_functions import LiveFunctions, NotExchanged, codes_of
from bptt_check.mutation import Edit

CODE = """import functools


def plain(a, b=1):
    return a + b


class Cell:
    def step(self, a):
        return self.scale() * a

    def scale(self):
        return 2


def outer(k):
    def inner(a):
        return a + k

    return inner


held = functools.partial(plain, 10)
closed = outer(5)
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """The text as a module."""
    path = tmp_path / "some_code.py"
    path.write_text(CODE)
    spec = importlib.util.spec_from_file_location("some_code", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def text_with(module: ModuleType, before: str, after: str) -> FunctionText:
    """The function that holds a part of the text, with it changed."""
    start = CODE.index(before)
    file = OwnFile(str(module.__file__), CODE)
    found = file.function_with(Edit(start, start + len(before), after))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "run", "old", "new"),
    [
        ("a + b", "a - b", "held()", 11, 9),
        ("self.scale() * a", "self.scale() + a", "Cell().step(5)", 10, 7),
        ("return 2", "return 3", "Cell().step(5)", 10, 15),
        ("a + k", "a * k", "closed(3)", 8, 15),
        ("a + k", "a * k", "outer(4)(3)", 7, 12),
    ],
)
def test_edited_code_runs_until_the_end_of_the_block(
    module: ModuleType, before: str, after: str, run: str, old: int, new: int
) -> None:
    """Through a partial, in a method, in a closure that was made before and in one made now."""
    functions = LiveFunctions({str(module.__file__)})

    with functions.edited(text_with(module, before, after)):
        assert eval(run, vars(module)) == new
    assert eval(run, vars(module)) == old


def test_what_is_not_in_memory_is_refused(module: ModuleType) -> None:
    """A function of that file that nobody has."""
    text = FunctionText(str(module.__file__), (), 1, "def other():\n    return 1")

    with pytest.raises(NotExchanged, match="in memory"), LiveFunctions(set()).edited(text):
        pass


def test_a_closure_over_something_else_is_refused_and_nothing_is_left(module: ModuleType) -> None:
    """Python itself says so; the other functions have their own code again."""
    functions = LiveFunctions({str(module.__file__)})
    with (
        pytest.raises(NotExchanged),
        functions.edited(text_with(module, "return a + k", "return a")),
    ):
        pass

    assert vars(module)["outer"](4)(3) == 7
    assert vars(module)["closed"](3) == 8


def test_lines_are_those_of_the_file(module: ModuleType) -> None:
    """So that what is seen in a run of edited code has its line."""
    codes = codes_of(text_with(module, "return 2", "return 3"))

    assert {name: code.co_firstlineno for (_, name), code in codes.items()} == {"Cell.scale": 12}


def test_objects_that_pretend_to_be_functions_are_left_alone() -> None:
    """Whoever looks at their class runs their code, which may warn or raise."""

    class Pretending:
        @property
        def __class__(self) -> type:
            raise RuntimeError("looked at")

    kept = Pretending()

    assert LiveFunctions({__file__}) is not None
    assert type(kept) is Pretending
