"""What the functions of a subject do on a case: which lines run, and the shapes of their values."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

from ..messages import LineSeen
from .expressions import FunctionPool

TURNS = 2
"""Turns of a line in which values are looked at."""
KEYS = 32
"""Texts of one dict under which values are looked at."""
KINDS: tuple[tuple[type, str], ...] = ((list, "list"), (tuple, "tuple"), (dict, "dict"))
"""What holds several values, and what stands for its shape."""
Pools = Mapping[tuple[str, str], FunctionPool]
"""File and qualified name of a function to its expressions."""


class Observer:
    """Looks at the functions of a subject while it runs.

    `seen` is what was seen, `raised` the file and the line of the first exception in them.
    """

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._turns: dict[tuple[CodeType, int], int] = {}
        self._codes: dict[str, CodeType | None] = {}
        self.raised: tuple[str, int] | None = None
        self.seen: dict[tuple[str, str, int], LineSeen] = {}

    def watch(self, run: Callable[[], Any]) -> None:
        """Run something; whatever it raises is swallowed."""
        before, of_threads = sys.gettrace(), threading.gettrace()
        sys.settrace(self._called)
        threading.settrace(self._called)
        try:
            run()
        except Exception:  # a wrong subject may raise: the lines up to there are known
            pass
        finally:
            sys.settrace(before)
            threading.settrace(of_threads)  # type: ignore[arg-type]

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if event != "call" or (code.co_filename, code.co_qualname) not in self._pools:
            return None
        frame.f_trace_lines = True
        return self._line

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        code, line = frame.f_code, frame.f_lineno
        if event == "exception" and self.raised is None:
            self.raised = (code.co_filename, line)
        if event != "line":
            return self._line
        turn = self._turns.get((code, line), 0)
        self._turns[code, line] = turn + 1
        pool = self._pools[code.co_filename, code.co_qualname]
        if turn < TURNS and line in pool.lines:
            self._look(frame, pool)
        return self._line

    def _look(self, frame: FrameType, pool: FunctionPool) -> None:
        """Take down the shapes of what the expressions of a function are now; what had another
        shape in an earlier turn is left out.
        """
        code, line = frame.f_code, frame.f_lineno
        key = (code.co_filename, code.co_qualname, line)
        first = key not in self.seen
        seen = self.seen.setdefault(key, LineSeen(*key, shapes={}))
        local, outer = dict(frame.f_locals), frame.f_globals
        for text in (*pool.expressions, *_of_sequences(pool, local)):
            shape = self._shape(text, local, outer)
            known = seen.shapes.get(text)
            if shape is None or shape == known:
                continue
            if first or known is None or known == ():  # a carry often begins as the number 0
                seen.shapes[text] = shape
            elif shape != ():
                del seen.shapes[text]

    def _shape(
        self, text: str, local: dict[str, Any], outer: dict[str, Any]
    ) -> tuple[int, ...] | str | None:
        try:
            if text not in self._codes:
                self._codes[text] = compile(text, "<looked at>", "eval")
            code = self._codes[text]
            return None if code is None else shape_of(eval(code, outer, local))
        except Exception:  # not there yet, or not defined
            return None


def _of_sequences(pool: FunctionPool, local: Mapping[str, Any]) -> Iterator[str]:
    """Elements of names that hold several values: a sequence, an array of more than two axes, or
    a dict, whose values under a text are elements too.
    """
    listed: set[int] = set()
    for name, elements in sorted(pool.elements.items(), key=lambda item: "." in item[0]):
        base, _, attribute = name.partition(".")
        value = local.get(base)
        if attribute:
            value = vars(value).get(attribute) if hasattr(value, "__dict__") else None
        axes = len(getattr(value, "shape", ()))
        if (attribute and base in local) or axes > 2 or isinstance(value, list | tuple | dict):
            yield from elements
        if isinstance(value, dict) and id(value) not in listed:
            listed.add(id(value))  # one name will do for what is in it
            keys: list[Any] = list(value)[:KEYS]
            yield from (f"{name}[{key!r}]" for key in keys if isinstance(key, str))


def shape_of(value: Any) -> tuple[int, ...] | str | None:
    """The shape of an array or a number, "int" of an integer, "list", "tuple" or "dict" of these;
    None of anything else.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return ()
    for one, name in KINDS:
        if isinstance(value, one):
            return name
    shape, kind = getattr(value, "shape", None), getattr(value, "dtype", None)
    if kind is None or not isinstance(shape, tuple):
        return None
    if not shape and "int" in str(kind):
        return "int"
    return tuple(int(n) for n in shape) if "float" in str(kind) else None
