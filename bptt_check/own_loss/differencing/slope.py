"""The derivative of a loss along a line, by differences alone, with a bound or a reason.

Central differences `D(s) = (L(x+s) - L(x-s)) / 2s = L' + O(s^2)` over a ladder of steps, each a
quarter of the one before, and `R = D(s) + (D(s) - D(4s)) / 15 = L' + O(s^4)` (Richardson 1911). No
step is right for every loss, so the finest steps have the last word: the estimate is the one with
the smallest bound among those that no finer step contradicts. Where the one-sided differences keep
a gap that a smooth function would close, there is a kink, and no single derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...verdicts.verdict import Reason, sentence

LossAlongLine = Callable[[float], tuple[float, float]]
"""Offset to the loss there and the offset that the arrays really got in their dtype."""

UNIT = 2.0**-53
RATIO = 4.0
RUNGS = 6
FINER = 18
"""Rungs that may be added below the ladder where its finest steps do not settle: down to the last
place of the arrays.
"""
SAFETY = 8.0
"""Rounding errors of the loss allowed in one difference, in measured ones."""


@dataclass(frozen=True)
class Slope:
    """A derivative: any value in [low, high] up to `bound`; infinite with a reason if unknown.

    `step` is the finest that the estimate rests on, `details` are the numbers of the reason.
    """

    low: float
    high: float
    bound: float
    reason_kind: Reason = Reason.NONE
    details: tuple[float, ...] = ()
    step: float = math.nan

    @property
    def reason(self) -> str:
        """Why there is no one derivative, for readers; empty if there is."""
        return sentence(self.reason_kind, *self.details)

    @property
    def at_kink(self) -> bool:
        """Whether every value between the one-sided derivatives is right."""
        return self.low < self.high

    def nearest(self, value: float) -> float:
        """The right value that is nearest to `value`."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class _Rung:
    """The differences of one step: forward, backward, central, and the share of rounding."""

    step: float
    forward: float
    backward: float
    central: float
    noise: float

    @property
    def gap(self) -> float:
        """`s L''` of a smooth function; the jump of the derivative at a kink."""
        return self.forward - self.backward


def slope(line: LossAlongLine, here: float, scale: float, noise: float) -> Slope:
    """The derivative of a loss along a line at offset 0.

    Args:
        line: the loss at an offset; NaN where there is none.
        here: the loss at offset 0, finite.
        scale: an offset that changes the values on the line by about their own size.
        noise: typical rounding error of one loss.
    """
    step = scale * 2.0 ** -_first_exponent(here, noise)
    rungs: list[_Rung] = []
    for count in range(RUNGS + FINER):
        if count >= RUNGS and _settled(rungs):
            break
        rung = _rung(line, here, step / RATIO**count, noise)
        if rung is not None:
            rungs.append(rung)
        elif rungs:  # a finer step no longer moves the arrays
            break
    return _read(rungs)


def _first_exponent(here: float, noise: float) -> int:
    """The ladder is laid around `noise^(1/5)`, which balances `s^4` against `noise / s`."""
    relative = noise / abs(here) if here else UNIT
    best = -math.log2(min(max(relative, UNIT), 2.0**-16)) / 5.0
    return max(1, round(best) - 7)


def _rung(line: LossAlongLine, here: float, step: float, noise: float) -> _Rung | None:
    (above, up), (below, down) = line(step), line(-step)
    if not (up > 0.0 > down and math.isfinite(above) and math.isfinite(below)):
        return None
    rounding = max(noise, UNIT * max(abs(above), abs(below), abs(here)))
    return _Rung(
        step=(up - down) / 2.0,
        forward=(above - here) / up,
        backward=(below - here) / down,
        central=(above - below) / (up - down),
        noise=SAFETY * rounding / step,
    )


def _settled(rungs: Sequence[_Rung]) -> bool:
    """Whether a finer step could tell nothing more."""
    if len(rungs) < 3:
        return False
    finest = rungs[-1]
    jump = _jump(rungs)
    if jump:  # go on as long as a finer step would still see it
        return RATIO * 4.0 * finest.noise > abs(jump) / 4.0
    *_, (_, truncation) = _extrapolated(rungs)
    return truncation <= finest.noise


def _jump(rungs: Sequence[_Rung]) -> float:
    """The jump of the derivative between the points of the finest steps; 0 if it looks smooth."""
    coarse, fine = rungs[-2:]
    jump = fine.gap + (fine.gap - coarse.gap) / (RATIO - 1.0)
    stays = abs(fine.gap) > 0.5 * abs(coarse.gap)
    return jump if stays and abs(jump) > 4.0 * fine.noise else 0.0


def _extrapolated(rungs: Sequence[_Rung]) -> list[tuple[float, float]]:
    """Richardson's value at each rung from the third on, and what it moved since the rung before.

    That is the error of the worse of the two, so it bounds the error of the better one. Two values
    can agree by chance: where they converge, a move is the 1/256 of the one before, and no smaller
    one is believed.
    """
    share = RATIO**2 - 1.0
    values = [b.central + (b.central - a.central) / share for a, b in pairwise(rungs)]
    moves = [abs(values[0] - rungs[1].central), *(abs(new - old) for old, new in pairwise(values))]
    believed = [max(new, old / RATIO**4) for old, new in pairwise(moves)]
    return list(zip(values[1:], believed, strict=True))


def _read(rungs: Sequence[_Rung]) -> Slope:
    """What a ladder says about the derivative."""
    if len(rungs) < 3:
        return unknown(Reason.LOSS_NOT_FINITE)
    if _jump(rungs):
        return _at_kink(*rungs[-2:])
    estimates = [
        (value, truncation + rung.noise)
        for (value, truncation), rung in zip(_extrapolated(rungs), rungs[2:], strict=True)
    ]
    best = min(
        (n for n in range(len(estimates)) if _stands(n, estimates)), key=lambda n: estimates[n][1]
    )
    value, bound = estimates[best]
    return Slope(value, value, bound, step=rungs[2 + best].step)


def _stands(n: int, estimates: Sequence[tuple[float, float]]) -> bool:
    """Whether no finer step contradicts an estimate; two coarse steps can agree by chance."""
    value, bound = estimates[n]
    return all(abs(value - finer) <= bound + other for finer, other in estimates[n + 1 :])


def _at_kink(coarse: _Rung, fine: _Rung) -> Slope:
    """Between the one-sided derivatives, if these exist."""
    if abs(fine.gap) > 1.5 * abs(coarse.gap):
        return unknown(Reason.JUMP)
    pairs = ((coarse.forward, fine.forward), (coarse.backward, fine.backward))
    low, high = sorted(b + (b - a) / (RATIO - 1.0) for a, b in pairs)
    bound = max(abs(b - a) for a, b in pairs) + 2.0 * fine.noise
    return Slope(low, high, bound, Reason.NO_SINGLE_SLOPE, (low, high), fine.step)


def unknown(reason: Reason, *details: float) -> Slope:
    """No derivative, and why: anything may be right."""
    return Slope(0.0, 0.0, math.inf, reason, details)
