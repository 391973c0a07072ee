"""Which lines are looked at first: those that reach what is wrong, and little of what is right.

Each statement is probed: it is changed a little, and it is seen which gradients change. The line
that is wrong reaches every wrong gradient of a subject with one fault; what it reaches besides
would be wrong too, as a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import zip_longest
from typing import TypeGuard

from .candidates import Place
from .evidence import LAST, SILENT, UNTRACED
from .own_file import OwnFile

Score = tuple[int, int, int]
"""How many wrong blocks a line does not reach, how many right ones it does (and what is known of
its value), and when it departs: the smaller, the more suspicious.
"""
PARENTS, GENERATIONS = 5, 3
"""Lines behind the most suspicious one that come next, and how far back they are looked for."""


def by_suspicion(
    reached: Mapping[Place, Sequence[Collection[int] | None]],
    wrong: Collection[int],
    lines: Collection[Place],
    known: Mapping[Place, tuple[int, int]] | None = None,
    parents: Callable[[Place], Sequence[Place]] = lambda place: (),
) -> dict[Place, int]:
    """Lines to their places in the order of suspicion.

    A value that is the textbook's in every turn is right, so its line seldom is what is wrong; the
    first of the run that is wrong is where it began. Where no line reaches exactly what is wrong,
    there may be two faults: lines that reach nothing else, if not all of it, come between.

    Args:
        reached: line to the blocks that each of its probes changes; None of one without an answer.
        wrong: the blocks that are wrong.
        lines: all that ran.
        known: what is known of the values of lines, see `evidence`.
        parents: the lines that give values to what a line reads: a right value that is the wrong
            one to read shows only there.
    """
    bad, of_lines = set(wrong), known or {}

    def score(place: Place) -> Score:
        what, when = of_lines.get(place, (UNTRACED, LAST))
        answers = [set(blocks) for blocks in reached.get(place, ()) if blocks is not None]
        if not answers:
            return (0, max(what, SILENT), when)
        together = set[int]().union(*answers)
        return min((len(bad - b), len(b - bad) + what, when) for b in (*answers, together))

    scores = {place: score(place) for place in lines}
    ordered = sorted(lines, key=lambda p: (scores[p], _late(p, scores[p][2])))
    if ordered:
        first = ordered[0]
        above = [p for p in parents(first) if p in lines and scores[p][0] == scores[first][0]]
        pure = _reaching_nothing_else(reached, bad, scores)
        if scores[first][:2] > (0, UNTRACED):
            ordered = [p for pair in zip_longest(ordered, pure) for p in pair if p is not None]
        ordered = list(dict.fromkeys((first, *above[:PARENTS], *ordered)))
    return {place: n for n, place in enumerate(ordered)}


def _reaching_nothing_else(
    reached: Mapping[Place, Sequence[Collection[int] | None]],
    bad: Collection[int],
    scores: Mapping[Place, Score],
) -> list[Place]:
    """The lines of which a probe reaches something wrong and nothing right: those first that reach
    most of it.
    """
    most: dict[Place, int] = {}
    for place, answers in reached.items():
        pure = [len(set(b)) for b in answers if b and set(b) <= set(bad)]
        if pure:
            most[place] = max(pure)
    return sorted(most, key=lambda place: (-most[place], scores[place]))


def _late(place: Place, when: int) -> tuple[int, str]:
    """Of lines of which as much is known, the last comes first where the run says nothing: what
    begins as zeros, and the counts at the top of a function, are seldom wrong.
    """
    file, line = place
    return (-line if when == LAST else line, file)


def defining_lines(files: Sequence[OwnFile], place: Place) -> list[Place]:
    """The conditions that a line depends on, then the lines of the same function that give values
    to what it reads, and so on upwards; the nearest first.
    """
    path, line = place
    file = next((f for f in files if f.path == path), None)
    if file is None:
        return []
    inside = (f for f in file.functions.values() if f.lineno <= line <= (f.end_lineno or line))
    function = max(inside, key=lambda f: f.lineno, default=None)
    if function is None:
        return []
    around = [s.lineno for s in ast.walk(function) if isinstance(s, ast.If) and _is_inside(s, line)]
    simple = [s for s in ast.walk(function) if isinstance(s, ast.stmt) and not hasattr(s, "body")]
    loops = {n.target: n.lineno for n in ast.walk(function) if isinstance(n, ast.For)}
    found, names = [place], _names(simple, line, ast.Load)
    found += [(path, n) for n in reversed(around)]
    for _ in range(GENERATIONS):
        lines = {s.lineno for s in simple if names & _names([s], s.lineno, ast.Store)}
        lines |= {n for t, n in loops.items() if names & {i.id for i in ast.walk(t) if _named(i)}}
        new = sorted((n for n in lines if (path, n) not in found), key=lambda n: abs(n - line))
        found += [(path, n) for n in new]
        names = set[str]().union(*(_names(simple, n, ast.Load) for n in new))
    return found[1:]


def _is_inside(statement: ast.If, line: int) -> bool:
    return statement.lineno < line <= (statement.end_lineno or line)


def _named(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _names(statements: Sequence[ast.stmt], line: int, kind: type[ast.expr_context]) -> set[str]:
    """The names that the statement of a line reads, or writes to, of arrays their elements too."""
    found: set[str] = set()
    for statement in statements:
        if statement.lineno != line:
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)  # it reads what it adds to
            elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, kind):
                found |= {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, kind):
                found.add(node.id)
    return found
