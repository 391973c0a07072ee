"""Which lines are looked at first: those that reach what is wrong, and little of what is right.

Each statement is probed: its value is made a little larger, and it is seen which gradients change.
The line that is wrong reaches every wrong gradient of a subject with one fault; what it reaches
besides would be wrong too, as a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ...mutation import Edit
from ...mutation.sites import Site, sites
from .candidates import Place, Seen
from .messages import Departure, FunctionText
from .own_file import OwnFile

BY = "1.0078125"
"""The factor of a probe: exact in every precision."""


LOSS_PLACE = 0
"""The place of the loss among the blocks of a case."""
PARENTS, GENERATIONS = 5, 3
"""Lines behind the most suspicious one that come next, and how far back they are looked for."""
BAR = "_bar"
"""What the names of cotangents end with."""
LAST = 10**9
"""When a line departs of which nothing is known."""


@dataclass(frozen=True)
class LineProbe:
    """One statement made larger."""

    place: Place
    function: FunctionText


def line_probes(files: Sequence[OwnFile], seen: Seen) -> Iterator[LineProbe]:
    """Probes of the statements that ran; of one that gives several values several."""
    for file in files:
        ran = {k[1:] for k in seen if k[0] == file.path}
        for site in sites(file.source):
            if site.node is site.statement and (site.function, site.statement.lineno) in ran:
                for edit in _larger(site):
                    function = file.function_with(edit)
                    if function is not None:
                        yield LineProbe((file.path, site.statement.lineno), function)


def _larger(site: Site) -> Iterator[Edit]:
    node = site.statement
    value = getattr(node, "value", None)
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr) or value is None:
        return
    if isinstance(value, ast.Call) and isinstance(node, ast.Expr) and len(value.args) == 1:
        value = value.args[0]  # of a call that gives nothing, such as `append`
    parts: list[ast.expr] = [value]
    if isinstance(value, ast.Tuple | ast.List):
        parts = value.elts
    elif isinstance(value, ast.Dict):
        parts = value.values
    for part in parts:
        text_only = isinstance(part, ast.Constant) and not isinstance(part.value, int | float)
        if not (text_only or isinstance(part, ast.Starred)):
            yield site.replace(part, f"({site.text_of(part)}) * {BY}")


def by_suspicion(
    reached: Mapping[Place, Sequence[Collection[int] | None]],
    wrong: Collection[int],
    lines: Collection[Place],
    departures: Iterable[Departure] = (),
    parents: Callable[[Place], Sequence[Place]] = lambda place: (),
) -> dict[Place, int]:
    """Lines to their places in the order of suspicion.

    A value that is the textbook's in every turn is right, so its line seldom is what is wrong.

    Args:
        reached: line to the blocks that each of its probes changes; None of one without an answer.
        wrong: the blocks that are wrong.
        lines: all that ran.
        departures: what values are in the textbook's words.
        parents: the lines that give values to what a line reads: a right value that is the wrong
            one to read shows only there.
    """
    bad, known = set(wrong), _known(departures)

    def score(place: Place) -> tuple[int, bool, int, int]:
        right, when = known.get(place, (False, LAST))
        answers = [set(blocks) for blocks in reached.get(place, ()) if blocks is not None]
        if not answers:
            return (0, right, int(when == LAST or LOSS_PLACE not in bad), when)
        blocks = set[int]().union(*answers)
        return (len(bad - blocks), right, len(blocks - bad), when)

    ordered = sorted(lines, key=lambda place: (score(place), place))
    if ordered:
        first = ordered[0]
        above = [p for p in parents(first) if p in lines and score(p)[0] == score(first)[0]]
        ordered = list(dict.fromkeys((first, *above[:PARENTS], *ordered)))
    return {place: n for n, place in enumerate(ordered)}


def defining_lines(files: Sequence[OwnFile], place: Place) -> list[Place]:
    """The lines of the same function that give values to what a line reads, and so on upwards; the
    nearest first.
    """
    path, line = place
    file = next((f for f in files if f.path == path), None)
    if file is None:
        return []
    inside = (f for f in file.functions.values() if f.lineno <= line <= (f.end_lineno or line))
    function = max(inside, key=lambda f: f.lineno, default=None)
    if function is None:
        return []
    simple = [s for s in ast.walk(function) if isinstance(s, ast.stmt) and not hasattr(s, "body")]
    loops = {n.target: n.lineno for n in ast.walk(function) if isinstance(n, ast.For)}
    found, names = [place], _names(simple, line, ast.Load)
    for _ in range(GENERATIONS):
        lines = {s.lineno for s in simple if names & _names([s], s.lineno, ast.Store)}
        lines |= {n for t, n in loops.items() if names & {i.id for i in ast.walk(t) if _named(i)}}
        new = sorted((n for n in lines if (path, n) not in found), key=lambda n: abs(n - line))
        found += [(path, n) for n in new]
        names = set[str]().union(*(_names(simple, n, ast.Load) for n in new))
    return found[1:]


def _named(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _names(statements: Sequence[ast.stmt], line: int, kind: type[ast.expr_context]) -> set[str]:
    """The names that the statement of a line reads, or writes to, of arrays their elements too."""
    found: set[str] = set()
    for statement in statements:
        if statement.lineno != line:
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, kind):
                found |= {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, kind):
                found.add(node.id)
    return found


def _known(departures: Iterable[Departure]) -> dict[Place, tuple[bool, int]]:
    """Lines to whether all they compute is the textbook's, and when in the run it first is not.

    Cotangents are those of the loss or of its negative: the sign that most of them have is right.
    """
    every = list(departures)
    bars = [one.quantity for one in every if one.is_known and one.quantity.endswith(BAR)]
    negated = sum(name.startswith("-") for name in bars) > len(bars) / 2
    found: dict[Place, tuple[bool, int]] = {}
    for one in every:
        right, when = found.get((one.file, one.line), (True, LAST))
        usual = one.quantity.startswith("-") is (negated and one.quantity.endswith(BAR))
        own = one.is_known and usual
        departs = LAST if own else one.when or one.first
        found[one.file, one.line] = (right and own, min(when, departs))
    return found
