"""What is known of the value of each line: right, wrong from a certain moment on, or nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from .candidates import Place
from .messages import Departure
from .own_file import OwnFile

WRONG, UNTRACED, RIGHT, SILENT = 0, 1, 2, 3
"""What is known of a line: a value of it is none of the textbook's; nothing; all of them are;
nobody can tell, since no probe of it gives an answer either. Each counts as so many right blocks
that a line reaches.
"""
BAR = "_bar"
"""What the names of cotangents end with."""
LAST = 10**9
"""When a line departs of which nothing is known."""
Evidence = dict[Place, tuple[int, int]]
"""Line to what is known of it, and to the first value of the run that is wrong there."""


def known_lines(departures: Iterable[Departure], files: Sequence[OwnFile] = ()) -> Evidence:
    """What values tell of their lines.

    A value that is no quantity of the textbook may be a right one all the same, of two quantities
    together, say: it is right as long as one is that is made of it. Nothing is known of a part of a
    sum.
    """
    every = list(departures)
    usual = _usual_signs(every)
    told = {(d.file, d.line, d.name): _told(d, usual) for d in every}
    held: dict[Place, list[bool]] = {}
    for one in every:
        held.setdefault((one.file, one.line), []).append(one.held > 0)
    known = {p: s for p, s in _worst(told).items() if all(held[p])}
    for one in sorted(every, key=lambda d: -d.line):
        if one.held == 0:
            made = [known[place] for place in _readers(files, one) if place in known]
            what, when = told[one.file, one.line, one.name]
            if any(state == RIGHT for state, _ in made):
                what, when = RIGHT, LAST
            elif made:
                when = max(when, *(of - 1 for _, of in made))
            elif _is_part(files, one):
                what, when = UNTRACED, LAST
            told[one.file, one.line, one.name] = (what, when)
            if made and len(held[one.file, one.line]) == 1:
                known[one.file, one.line] = (what, when)
    return _worst(told)


def _usual_signs(departures: Sequence[Departure]) -> Callable[[str], bool]:
    """Whether a quantity has the sign that it should have: cotangents are those of the loss or of
    its negative, as most of them are. Where a gate is what the textbook calls 1 - z, the cotangents
    of z have the other sign, and those of weights, of which some are z's, either.
    """
    bars = [d.quantity for d in departures if d.is_known and d.quantity.endswith(BAR)]
    negated = sum(name.startswith("-") for name in bars) > len(bars) / 2
    renews = any(d.quantity == COMPLEMENT for d in departures)

    def usual(quantity: str) -> bool:
        negative, name = quantity.startswith("-"), quantity.removeprefix("-")
        if renews and name.startswith(("W_", "b_")):
            return True
        return negative is ((negated and name.endswith(BAR)) is not (renews and name in OF_Z))

    return usual


COMPLEMENT, OF_Z = "1 - z", ("z_bar", "a_z_bar")
"""What other texts call z, and the cotangents of the textbook's."""


def _told(one: Departure, usual: Callable[[str], bool]) -> tuple[int, int]:
    right = one.is_known and usual(one.quantity)
    return (RIGHT, LAST) if right else (WRONG, one.when or one.first)


def _worst(told: dict[tuple[str, int, str], tuple[int, int]]) -> Evidence:
    """Of each line what its most wrong value tells."""
    found: Evidence = {}
    for (file, line, _), one in told.items():
        found[file, line] = min(found.get((file, line), (RIGHT, LAST)), one)
    return found


def _readers(files: Sequence[OwnFile], one: Departure) -> Iterator[Place]:
    """The lines that read what a line has just given a value to, until another gives it one; of a
    dict that is written down the lines of its values.
    """
    file = next((f for f in files if f.path == one.file), None)
    function = file.functions.get(one.function) if file is not None else None
    named = re.match(r"[^\W\d]\w*", one.name)
    if function is None or named is None:
        return
    name = named.group()
    for statement in sorted(_simple(function), key=lambda s: s.lineno):
        if statement.lineno <= one.line:
            continue
        value = getattr(statement, "value", None)
        parts = value.values if isinstance(value, ast.Dict) else [statement]
        yield from ((one.file, part.lineno) for part in parts if _reads(part, one.name, name))
        if _uses(statement, name, ast.Store):
            return


def _reads(node: ast.AST, text: str, name: str) -> bool:
    """Whether a name is read; of an element or an attribute of it that one, or the name as a whole:
    what is kept under another key is another value.
    """
    if text == name:
        return _uses(node, name, ast.Load)
    inside = [n for n in ast.walk(node) if isinstance(n, ast.Subscript | ast.Attribute)]
    read = (n for n in inside if isinstance(n.ctx, ast.Load))
    whole = {id(n) for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name}
    return any(ast.unparse(n) == text for n in read) or bool(whole - {id(n.value) for n in inside})


def _is_part(files: Sequence[OwnFile], one: Departure) -> bool:
    """Whether a value is a part of a sum: the next statement that writes to its name adds to it."""
    file = next((f for f in files if f.path == one.file), None)
    function = file.functions.get(one.function) if file is not None else None
    later = [s for s in _simple(function) if s.lineno > one.line] if function is not None else []
    for statement in sorted(later, key=lambda s: s.lineno):
        if isinstance(statement, ast.AugAssign) and ast.unparse(statement.target) == one.name:
            return True
        if one.name.isidentifier() and _uses(statement, one.name, ast.Store):
            return _uses(statement, one.name, ast.Load)
    return False


def _uses(node: ast.AST, name: str, how: type[ast.expr_context]) -> bool:
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name)
    return any(isinstance(n.ctx, how) for n in names)


def _simple(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    return (s for s in ast.walk(function) if isinstance(s, ast.stmt) and not hasattr(s, "body"))
