"""Which lines are looked at first: those that reach what is wrong, and little of what is right.

Each statement is probed: its value is made a little larger, and it is seen which gradients change.
The line that is wrong reaches every wrong gradient of a subject with one fault; what it reaches
besides would be wrong too, as a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...mutation import Edit
from ...mutation.sites import Site, sites
from .candidates import Place, Seen
from .messages import Departure, FunctionText
from .own_file import OwnFile

BY = "1.0078125"
"""The factor of a probe: exact in every precision."""


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
    parts: list[ast.expr] = [value]
    if isinstance(value, ast.Tuple | ast.List):
        parts = value.elts
    elif isinstance(value, ast.Dict):
        parts = value.values
    for part in parts:
        if not isinstance(part, ast.Constant | ast.Starred):
            yield site.replace(part, f"({site.text_of(part)}) * {BY}")


def by_suspicion(
    reached: Mapping[Place, Sequence[Collection[int] | None]],
    wrong: Collection[int],
    lines: Collection[Place],
    departures: Iterable[Departure] = (),
) -> dict[Place, int]:
    """Lines to their places in the order of suspicion.

    A value that is the textbook's in every turn is right, so its line seldom is what is wrong.

    Args:
        reached: line to the blocks that each of its probes changes; None of one without an answer.
        wrong: the blocks that are wrong.
        lines: all that ran.
        departures: what values are in the textbook's words.
    """
    bad, known = set(wrong), _known(departures)

    def score(place: Place) -> tuple[int, bool, int, int]:
        right, when = known.get(place, (False, LAST))
        answers = [set(blocks) for blocks in reached.get(place, ()) if blocks is not None]
        if not answers:
            return (0, right, 0, when)
        blocks = set[int]().union(*answers)
        return (len(bad - blocks), right, len(blocks - bad), when)

    ordered = sorted(lines, key=lambda place: (score(place), place))
    return {place: n for n, place in enumerate(ordered)}


def _known(departures: Iterable[Departure]) -> dict[Place, tuple[bool, int]]:
    """Lines to whether all they compute is the textbook's, and when in the run it first is not."""
    found: dict[Place, tuple[bool, int]] = {}
    for one in departures:
        right, when = found.get((one.file, one.line), (True, 0))
        earlier = min(when, one.when) if when and one.when else when or one.when
        found[one.file, one.line] = (right and one.is_known, earlier)
    return found
