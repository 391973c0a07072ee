"""Which values of a subject's run are quantities of the textbook, and where one departs from it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from ....mutation.sites import functions
from ..messages import Departure
from .quantities import FEWEST, Match, Quantities, steps_held

MOST = 400
"""Values of one run that are compared."""
TOGETHER, MOST_PARTS = "stacked", 16
"""What several quantities together are called, and how many are looked at."""
RETURNED = "return"
"""The name of what a function returns."""
Targets = dict[tuple[str, str], dict[int, tuple[tuple[str, int], ...]]]
"""File and function to the lines of its statements, with what each gives a value to, and on which
line that is written.
"""


def targets_of(file: str, tree: ast.AST) -> Targets:
    """What the statements of the functions of a module give values to, as expressions."""
    found: Targets = {}
    for name, function in functions(tree):
        lines = found.setdefault((file, name), {})
        for statement in ast.walk(function):
            if isinstance(statement, ast.stmt):
                line = statement.lineno
                texts = [(text, line) for text in _targets(statement)]
                if isinstance(statement, ast.Assign):
                    texts += (i for t in statement.targets for i in _items(t, statement.value))
                if texts:
                    lines[line] = tuple(texts)
    return found


def _targets(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            yield from (_whole(p) for p in parts if not isinstance(p, ast.Starred))
    elif isinstance(statement, ast.AugAssign):
        yield _whole(statement.target)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        if isinstance(called, ast.Attribute) and called.attr == "append":
            yield f"{ast.unparse(called.value)}[-1]"


def _items(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, int]]:
    """The items of a dict that is put together under names, with the lines of their values."""
    if isinstance(value, ast.Dict):
        for key, item in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant):
                yield f"{ast.unparse(target)}[{key.value!r}]", item.lineno


def _whole(target: ast.expr) -> str:
    """A target; of some entries of an array the array."""
    if not isinstance(target, ast.Subscript) or not isinstance(target.slice, ast.Tuple):
        return ast.unparse(target)
    sliced = any(isinstance(index, ast.Slice) for index in ast.walk(target))
    return ast.unparse(target if sliced else target.value)


@dataclass
class _Value:
    """What one expression of a line held, turn by turn, and when it was first seen."""

    when: list[int] = field(default_factory=list[int])
    matched: list[list[Match]] = field(default_factory=list[list[Match]])


def _departure(key: tuple[str, str, int, str], value: _Value) -> Departure:
    quantity, held = steps_held(value.matched)
    when = (*value.when, 0)[held]
    return Departure(*key, quantity, held, len(value.matched), when, value.when[0])


class Tracer:
    """Compares what a run computes, statement by statement, with the textbook."""

    def __init__(self, targets: Mapping[tuple[str, str], Any], quantities: Quantities) -> None:
        self._targets, self._quantities = targets, quantities
        self._codes: dict[str, CodeType | None] = {}
        self._last: dict[int, int] = {}
        self._found: dict[tuple[str, str, int, str], _Value] = {}
        self._count = 0

    def watch(self, run: Callable[[], Any]) -> tuple[Departure, ...]:
        """What became of every value of a run, in the order in which they were first seen."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            run()
        except Exception:  # a wrong subject may raise
            pass
        finally:
            sys.settrace(before)
        ordered = sorted(self._found.items(), key=lambda pair: pair[1].when[0])
        return tuple(_departure(key, value) for key, value in ordered)

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        watched = (code.co_filename, code.co_qualname) in self._targets
        return self._line if event == "call" and watched else None

    def _line(self, frame: FrameType, event: str, given: Any) -> Any:
        if event == "return" and (value := _array(given)) is not None:
            self._compare(frame, frame.f_lineno, RETURNED, value)
        if event in ("line", "return"):
            code, done = frame.f_code, self._last.get(id(frame))
            lines = self._targets[code.co_filename, code.co_qualname]
            self._take(frame, done, lines)
            self._last[id(frame)] = frame.f_lineno
            if event == "return":
                del self._last[id(frame)]
        return self._line

    def _take(self, frame: FrameType, done: int | None, lines: Mapping[int, Any]) -> None:
        """Compare what the statement of a line, which has just ended, gave values to."""
        for text, line in lines.get(done, ()) if done is not None else ():
            value = self._value(text, frame)
            if value is not None:
                self._compare(frame, line, text, value)

    def _compare(self, frame: FrameType, line: int, text: str, value: Any) -> None:
        """Compare a value; one that is zero, or has hardly any numbers, tells nothing."""
        if self._count >= MOST or not _is_telling(value):
            return
        self._count += 1
        key = (frame.f_code.co_filename, frame.f_code.co_qualname, line, text)
        kept = self._found.setdefault(key, _Value())
        kept.when.append(self._count)
        kept.matched.append(self._matches(value))

    def _matches(self, value: Any) -> list[Match]:
        """What a value is; of several together, as of a tuple, whether each is something."""
        if isinstance(value, np.ndarray):
            found = self._quantities.matches(value)
            if found or value.ndim < 3:
                return found
        parts = [self._quantities.matches(part) for part in value[:MOST_PARTS]]
        return [Match(TOGETHER, 0)] if parts and all(parts) else []

    def _value(self, text: str, frame: FrameType) -> Any:
        try:
            if text not in self._codes:
                self._codes[text] = compile(text, "<looked at>", "eval")
            code = self._codes[text]
            value = None if code is None else eval(code, frame.f_globals, dict(frame.f_locals))
            return _array(value)
        except Exception:  # not there, or no array
            return None


def _is_telling(value: Any) -> bool:
    """Whether a value can be told from others."""
    if not isinstance(value, np.ndarray):
        return any(map(_is_telling, value))
    return value.size >= FEWEST and bool(np.any(value))


def _array(value: Any) -> Any:
    """An array of floating-point numbers as one of NumPy, or several of them in a list; None of
    anything else.
    """
    if isinstance(value, tuple | list):
        several: Any = value
        parts = [_array(part) for part in several]
        return parts if parts and all(isinstance(p, np.ndarray) for p in parts) else None
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return None
    return value
