"""What was given in the place of a subject, in words: what it is, what a subject is, and the
`Convention` that would take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import enumerated
from ..case import Case
from ..wrong_kind import NoSubject, WrongKind

TITLES = {
    WrongKind.CLASS: "{name} is a class, and no subject",
    WrongKind.ARGUMENTS: "{name} does not take one case, and is no subject",
    WrongKind.UNNAMED: "the gradients have no names",
    WrongKind.NAMES: "the gradients have other names than those of the case",
}
"""Each kind in a few words."""
WORDS = ("params", "case", "T", "B", "D", "H", "O")
"""Arguments that `adapt` knows under these words, whatever they are called there."""
OF_A_CELL = ("W_xh", "W_hh", "b_h", "b_xh", "b_hh")
"""Arrays that have their layer in their name where nothing else is said."""


def no_subject_lines(what: NoSubject, case: Case) -> Iterator[str]:
    """Lines that say what came, what belongs there, and how to say that it is otherwise."""
    valid = ", ".join(case.inputs)
    yield f"a subject is a callable, case -> (loss, {{name: gradient}}); names here: {valid}"
    match what.kind:
        case WrongKind.CLASS:
            yield from _class(what)
        case WrongKind.ARGUMENTS:
            yield from _arguments(what)
        case WrongKind.UNNAMED:
            yield from _unnamed(what)
        case WrongKind.NAMES:
            yield from _names(what)


def _class(what: NoSubject) -> Iterator[str]:
    if what.callable_objects:
        yield f"its objects can be called with a case: give one of them, {what.name}(...)"
        return
    told = [f"arguments={list(what.constructor)!r}"] if what.constructor else []
    told += [f"calls={list(what.given)!r}", "attributes='d{name}'"]
    yield "one that uses it:"
    yield from _code(_convention(what), f"adapt({what.name}, {', '.join(told)})")
    yield "with your names in names=..., and in attributes= where a gradient lies in the object"


def _arguments(what: NoSubject) -> Iterator[str]:
    means = {own: base for base, own in what.names.items()}
    words = [means[own] if means.get(own) in WORDS else own for own in what.given]
    yield f"it takes: {enumerated(what.given) or 'nothing'}"
    yield "one that calls it:"
    yield from _code(_convention(what), f"adapt({what.name}, arguments={words!r})")
    unknown = [own for own in what.given if own not in means]
    if unknown:
        yield f"say in names=... which arrays these are: {enumerated(unknown)}"


def _unnamed(what: NoSubject) -> Iterator[str]:
    yield f"there are {what.given[0]}, in a tuple or a list"
    yield "one that names them:"
    yield from _code(
        "bc.Convention()", f"adapt({what.name}, arguments=['case'], returns={list(what.returns)!r})"
    )
    if "_" in what.returns:
        yield "with a name in the place of each _, which would leave that gradient out"


def _names(what: NoSubject) -> Iterator[str]:
    yield f"names that came: {enumerated(what.given)}"
    yield "one that gives them theirs:"
    yield from _code(
        f"bc.Convention(gradients={_convention(what)})", f"adapt({what.name}, arguments=['case'])"
    )
    unknown = [own for own in what.given if own not in what.names.values()]
    if unknown:
        yield f"say in names=... which arrays these are: {enumerated(unknown)}"


def _convention(what: NoSubject) -> str:
    """`bc.Convention(names={...})` with what is likely."""
    given = {b: own for b, own in what.names.items() if b not in WORDS}
    names = {b: own for b, own in given.items() if b != own or b in OF_A_CELL}
    told = [f"names={names!r}"] if names else []
    told += ["transposed=True"] if what.transposed else []
    return f"bc.Convention({', '.join(told)})"


WIDTH = 90
"""Columns of a line of code."""


def _code(convention: str, call: str) -> Iterator[str]:
    """`convention.call` in lines that are broken only where Python may be."""
    line = "  "
    for piece in re.split(r"(?<=, )", f"{convention}.{call}"):
        if len(line) + len(piece) > WIDTH:
            yield line.rstrip()
            line = "    "
        line += piece
    yield line
