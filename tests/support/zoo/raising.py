"""Ways to raise, and texts of exceptions."""

from __future__ import annotations

import functools
import os
import time
from typing import Any, NoReturn

import numpy as np

import bptt_check as bc
from bptt_check.errors import SubjectFailed, SubjectTimeout

from .entry import SHORT, expect

TEXTS = {
    "a_million_characters": (
        "x" * 10**6,
        r"raised ValueError: x{900,}.*\.\.\. \(1,000,000 characters\)",
    ),
    "thousands_of_lines": ("no\n" * 5000, r"raised ValueError: (no\n *){30}\.\.\. \(5,001 lines\)"),
    "ansi": ("\x1b[2J\x1b]0;owned\x07red", r"raised ValueError: \\x1b\[2J\\x1b\]0;owned\\x07red"),
    "bidi_marks": ("\u202edoog\u202c", r"raised ValueError: \\u202edoog\\u202c"),
    "a_lone_surrogate": ("half \udc80 a pair", r"raised ValueError: half \\udc80 a pair"),
    "nul": ("nothing\0here", r"raised ValueError: nothing\\x00here"),
    "carriage_returns": ("bad\rgood", r"raised ValueError: bad\\rgood"),
    "no_text": ("", r"raised ValueError"),
    "markup": ("[bold]no[/bold] <b>&amp;</b>", r"raised ValueError: \[bold\]no\[/bold\] <b>"),
    "invisible_letters": (
        "a\u200b\ufeff\U000e0041b",
        r"raised ValueError: a\\u200b\\ufeff\\U000e0041b",
    ),
}
"""Name to a text, and how it must be told."""


def _says(text: str, _: bc.Case) -> NoReturn:
    raise ValueError(text)


for _name, (_text, _told) in TEXTS.items():
    expect("error", _told, name=f"says_{_name}")(functools.partial(_says, _text))


class _NoText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text either")


class _NoTextAtAll(BaseException):
    def __str__(self) -> str:
        raise self

    __repr__ = __str__


class _WrongText(Exception):
    def __str__(self) -> Any:
        return 7


class _EndlessText(Exception):
    def __str__(self) -> str:
        time.sleep(600)
        return ""


class _DeadlyText(Exception):
    def __str__(self) -> str:
        os._exit(13)


class _TextThatExits(Exception):
    def __str__(self) -> str:
        raise SystemExit(14)


class _Pretender(Exception):
    @property
    def __class__(self) -> type:
        return KeyboardInterrupt


class _WithoutAttributes(Exception):
    def __getattribute__(self, name: str) -> Any:
        raise AttributeError(name)


class _OwnBase(BaseException):
    pass


RAISED = {
    "no_text": (_NoText, r"raised _NoText"),
    "no_text_at_all": (_NoTextAtAll, r"raised _NoTextAtAll"),
    "a_wrong_text": (_WrongText, r"raised _WrongText"),
    "a_text_that_exits": (_TextThatExits, r"raised _TextThatExits"),
    "a_deadly_text": (_DeadlyText, r"exited with status 13"),
    "what_pretends_to_be_ctrl_c": (_Pretender, r"raised _Pretender"),
    "what_has_no_attributes": (_WithoutAttributes, r"raised _WithoutAttributes"),
    "a_base_exception": (_OwnBase, r"raised _OwnBase"),
    "generator_exit": (GeneratorExit, r"raised GeneratorExit"),
    "stop_iteration": (StopIteration, r"raised StopIteration"),
    "memory_error": (MemoryError, r"raised MemoryError.*the system refused it this memory"),
    "broken_pipe": (BrokenPipeError, r"raised BrokenPipeError"),
    "end_of_file": (EOFError, r"raised EOFError"),
    "connection_reset": (ConnectionResetError, r"raised ConnectionResetError"),
    "timeout": (TimeoutError, r"raised TimeoutError"),
    "not_implemented": (NotImplementedError, r"raised NotImplementedError"),
    "syntax_error": (
        lambda: SyntaxError("no", ("\x1b[2Jfile.py", 7, 1, "x\x1b" * 3)),
        r"raised SyntaxError: no \(line 7 of \\x1b\[2Jfile\.py: x\\x1bx",
    ),
    "a_spec_error": (lambda: bc.SpecError("mine"), r"raised SpecError: mine"),
    "what_isolation_raises": (lambda: SubjectFailed("fell over"), r"the subject fell over"),
    "a_time_limit_of_its_own": (lambda: SubjectTimeout("after\x1b all"), r"after\\x1b all"),
}  # fmt: skip
"""Name to what is raised, and how it must be told."""


def _raises(make: Any, _: bc.Case) -> NoReturn:
    raise make()


for _name, (_make, _told) in RAISED.items():
    expect("error", _told, name=f"raises_{_name}")(functools.partial(_raises, _make))


@expect("error", r"took longer than the limit of 0\.2 s", SHORT)
def raises_an_endless_text(case: bc.Case) -> None:
    raise _EndlessText


@expect("error", r"raised ExceptionGroup: many \(2 sub-exceptions\) \(line \d+ of raises_a_group")
def raises_a_group(case: bc.Case) -> None:
    raise ExceptionGroup("many", [ValueError(1), ExceptionGroup("more", [KeyError(2)])])


@expect("error", r"raised BaseExceptionGroup")
def raises_a_group_with_ctrl_c(case: bc.Case) -> None:
    raise BaseExceptionGroup("both", [KeyboardInterrupt(), SystemExit(0)])


@expect("error", r"raised ValueError: second")
def raises_in_circles(case: bc.Case) -> None:
    one, two = ValueError("first"), ValueError("second")
    one.__cause__, two.__cause__ = two, one
    raise two


@expect("error", r"raised ValueError: 9999")
def raises_with_a_long_history(case: bc.Case) -> None:
    error = None
    for number in range(10_000):
        last, error = error, ValueError(number)
        error.__cause__ = last
    raise error


@expect("error", r"raised ValueError: inside \(line \d+ of inner")
def raises_in_a_generator(case: bc.Case) -> None:
    def inner() -> Any:
        yield 1
        raise ValueError("inside")

    list(inner())


@expect("error", r"raised RecursionError: maximum recursion depth exceeded")
def recurses(case: bc.Case) -> None:
    recurses(case)


@expect("error", r"raised TypeError: exceptions must derive from BaseException")
def raises_a_number(case: bc.Case) -> None:
    raise 7  # noqa: B016


@expect("error", r"raised FloatingPointError")
def raises_in_numpy(case: bc.Case) -> None:
    with np.errstate(all="raise"):
        np.float64(1.0) / np.zeros(1)


@expect("error", r"raised UnicodeEncodeError: 'utf-8' codec can't encode")
def writes_half_a_pair(case: bc.Case) -> None:
    "\udc80".encode()


@expect("error", r"raised ValueError: no \(line 1 of zero")
def raises_in_a_device(case: bc.Case) -> None:
    exec(compile("def zero(): raise ValueError('no')\nzero()", "/dev/zero", "exec"), {})


@expect("error", r"raised \\x1bBad: no")
def raises_under_a_hostile_name(case: bc.Case) -> None:
    raise type("\x1bBad", (Exception,), {})("no")


@expect("unsupported", r"\\x1b\[2Jnot today")
def declines_with_ansi(case: bc.Case) -> None:
    raise bc.Unsupported("\x1b[2Jnot today")


@expect("unsupported", r"declined without a reason")
def declines_without_a_reason(case: bc.Case) -> None:
    raise bc.Unsupported
