"""Functions of a running process whose code is exchanged, which takes no import and no new process.

A function keeps its identity, its defaults and what it closes over: whoever holds it (a class, an
adapter, a cell that is registered) runs the edited code at its next call.
"""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Collection, Generator, Iterable
from types import CodeType, FunctionType

from ..messages import FunctionText

Named = tuple[str, str]
"""A file and the qualified name of a function in it."""


class NotExchanged(Exception):
    """The code of a function cannot take the place of another's."""


class LiveFunctions:
    """The functions of some files, as they are found in this process.

    Args:
        files: as the codes name them.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._found: dict[Named, list[FunctionType]] = {}
        for one in gc.get_objects():
            # not isinstance: that runs code of objects that pretend to be of another class
            if type(one) is FunctionType and one.__code__.co_filename in files:
                named = (one.__code__.co_filename, one.__code__.co_qualname)
                self._found.setdefault(named, []).append(one)

    def exchange(self, codes: dict[Named, CodeType]) -> list[tuple[FunctionType, CodeType]]:
        """Give every function its new code; what they had before is returned.

        Raises:
            NotExchanged: none of these functions is here, or it closes over something else.
        """
        before: list[tuple[FunctionType, CodeType]] = []
        try:
            for named, code in codes.items():
                for function in self._found.get(named, ()):
                    old = function.__code__
                    function.__code__ = code
                    before.append((function, old))
        except ValueError as error:
            restore(before)
            raise NotExchanged(str(error)) from error
        if not before:
            raise NotExchanged("no function of that name is in memory")
        return before

    @contextlib.contextmanager
    def edited(self, text: FunctionText) -> Generator[None]:
        """In the body the functions run another text.

        Raises:
            NotExchanged: see `exchange`.
            SyntaxError: it is no Python.
        """
        before = self.exchange(codes_of(text))
        try:
            yield
        finally:
            restore(before)


def restore(before: Iterable[tuple[FunctionType, CodeType]]) -> None:
    """Give functions the code that they had."""
    for function, code in before:
        function.__code__ = code


def codes_of(text: FunctionText) -> dict[Named, CodeType]:
    """The code of a function and of those inside it, by file and qualified name.

    Raises:
        SyntaxError: the text is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # an edit may well look odd
        module = compile(text.in_its_place(), text.file, "exec", dont_inherit=True)
    inside = _codes(module, "".join(f"{name}." for name in text.owners))
    return {(text.file, code.co_qualname): code for code in inside}


def _codes(code: CodeType, prefix: str) -> list[CodeType]:
    """The codes of functions inside a code; bodies of the classes around them are none."""
    found: list[CodeType] = []
    for one in code.co_consts:
        if isinstance(one, CodeType):
            is_owner = f"{one.co_qualname}." in prefix and prefix.startswith(f"{one.co_qualname}.")
            found += [] if is_owner else [one]
            found += _codes(one, prefix)
    return found
