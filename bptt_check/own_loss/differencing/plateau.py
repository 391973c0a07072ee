"""Whether a loss is flat beside a point because it is, or because its arithmetic is too coarse.

A network in bfloat16 answers the same loss for every small change of one weight, as a dead unit
does. But farther off it jumps, on both sides by about one unit of its last place, and on the whole
it has a slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...verdicts.verdict import Reason
from .continuity import jump_between
from .noise import COARSEST_UNIT, SAME_SIZE
from .slope import LossAlongLine, Slope, unknown

NARROWEST = 2.0**-48
"""The width down to which a jump is followed, in the farthest step."""
ROUNDINGS = 32.0
"""A change of so many units of the largest number in the arrays may be lost on the way."""
JUMPS = 2.0
"""How many jumps a loss may be off at either end of a step, by rounding."""


@dataclass(frozen=True)
class Expected:
    """What a gradient says of a line, and what the function computes with there.

    Args:
        slope: the gradient along the line.
        farthest: an offset that changes the arrays by about their own size.
        rounding: one unit of the largest number in the arrays.
    """

    slope: float
    farthest: float
    rounding: float


def beyond_plateau(line: LossAlongLine, here: float, flat: Slope, expected: Expected) -> Slope:
    """A slope of zero, or the reason why it is not believed.

    Args:
        line: the loss at an offset.
        here: the loss at offset 0.
        flat: a measured slope.
        expected: what the gradient says.
    """
    if not flat.low == flat.high == 0.0 or not _same(line, here, flat.step):
        return flat
    edges = [_edge(line, here, sign * flat.step, expected.farthest) for sign in (1.0, -1.0)]
    reach = flat.step if any(edges) else expected.farthest
    if 0.0 < abs(expected.slope) * reach <= ROUNDINGS * expected.rounding:
        return _hidden(flat)
    if 0.0 in edges:
        return flat
    narrowest = NARROWEST * expected.farthest
    one, other = (_jump_at(line, edge, narrowest) for edge in edges)
    largest, least = max(one, other), min(one, other)
    if not largest / SAME_SIZE <= least <= largest <= COARSEST_UNIT * _size(line, here, edges):
        return flat
    return _hidden(flat) if _may_be(line, expected, largest) else flat


def _hidden(flat: Slope) -> Slope:
    return unknown(Reason.PLATEAU, flat.step)


def _same(line: LossAlongLine, here: float, step: float) -> bool:
    return line(step)[0] == here == line(-step)[0]


def _edge(line: LossAlongLine, here: float, offset: float, farthest: float) -> float:
    """The first of ever larger offsets at which the loss is another one; 0 if it never is."""
    while abs(offset) < farthest:
        offset = math.copysign(min(2.0 * abs(offset), farthest), offset)
        value, _ = line(offset)
        if value != here:
            return offset if math.isfinite(value) else 0.0
    return 0.0


def _jump_at(line: LossAlongLine, edge: float, narrowest: float) -> float:
    """The size of the jump between half an offset and the offset; 0 if there is none."""
    side = math.copysign(1.0, edge)
    return jump_between(lambda t: line(side * t)[0], abs(edge) / 2.0, abs(edge), narrowest)


def _size(line: LossAlongLine, here: float, edges: list[float]) -> float:
    return max(abs(here), *(abs(line(edge)[0]) for edge in edges))


def _may_be(line: LossAlongLine, expected: Expected, jump: float) -> bool:
    """Whether the slope over the farthest steps is that of the gradient, up to jumps and bends."""
    far, half = (_slope_over(line, expected.farthest / share) for share in (1.0, 2.0))
    allowed = JUMPS * (jump / expected.farthest + abs(far - half))
    return expected.slope == 0.0 or not abs(expected.slope - far) > allowed


def _slope_over(line: LossAlongLine, step: float) -> float:
    (above, up), (below, down) = line(step), line(-step)
    return (above - below) / (up - down)
