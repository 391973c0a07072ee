"""What slopes of many cases add up to, in any order, and what that says.

Errors of rounding have either sign alike. Then a sum of independent numbers y, whatever their
sizes, is seldom much larger than the root of the sum of their squares: `sum(y) / sqrt(sum(y^2))`
exceeds t with a probability of at most `exp(-t^2 / 2)` [1]_. Nothing need be known of how large
they are. A right implementation may be off in one direction by a little, too, as products of
rounding errors and the functions of a library are: what lies within `BAND` of the typical error of
an entry is not counted.

.. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables", Journal of
   the American Statistical Association 58 (1963), 13-30, theorem 2, given the sizes.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable
from typing import NamedTuple

from .slope import ErrorSlope

BAND = 1.0 / 3.0
"""What a right implementation may be off by in one direction, in typical errors of an entry. None
of those measured stands out of it (docs/systematic.md)."""
CLIP = 4.0
"""Bands beyond which a slope counts no more: one case alone convinces nobody."""
SCALE = 2.0**300
"""Terms are taken as multiples of its inverse and added as integers, so that no order matters."""
LARGEST = 2.0**20
"""Units of roundoff beyond which a slope counts as this."""


class Sums(NamedTuple):
    """Sums over the cases of one gradient and regressor, in multiples of `1 / SCALE`.

    `cases` is how many; `above` and `below` of y, which counts slopes above the band, or below it,
    as positive, with their squares; `a` to `a2_q2` of the weights a of the estimate, the slopes q
    in units, and their products; `bands` of a times the band in units.
    """

    cases: int = 0
    above: int = 0
    above_squared: int = 0
    below: int = 0
    below_squared: int = 0
    a: int = 0
    a_q: int = 0
    a2: int = 0
    a2_q: int = 0
    a2_q2: int = 0
    bands: int = 0

    def and_those_of(self, other: Sums) -> Sums:
        """The sums over both; the order does not matter to the last bit."""
        return Sums(*map(operator.add, self, other))

    def of_as_many(self, cases: int) -> Sums:
        """What they would be over so many cases of the same kind."""
        return Sums(*(value * cases // self.cases for value in self)) if self.cases else self

    @property
    def strength(self) -> float:
        """`sum(y) / sqrt(sum(y^2))`, the larger of both directions."""
        return max(
            _normalised(self.above, self.above_squared),
            _normalised(self.below, self.below_squared),
        )

    @property
    def estimate(self) -> float:
        """The slope of all cases together, in units."""
        return self.a_q / self.a if self.a else math.nan

    @property
    def uncertainty(self) -> float:
        """Its standard error, from how far the cases are apart, in units."""
        if not self.a:
            return math.nan
        q = self.estimate
        spread = self.a2_q2 - 2.0 * q * self.a2_q + q * q * self.a2
        return math.sqrt(max(spread, 0.0) * SCALE) / self.a

    @property
    def band(self) -> float:
        """The band of all cases together, in units."""
        return self.bands / self.a if self.a else math.nan

    @property
    def counting(self) -> float:
        """How many cases count, as much as these do together."""
        return self.a / SCALE * self.a / self.a2 if self.a2 else 0.0

    def smallest_seen(self, strength: float) -> float:
        """The smallest slope whose `strength` would have been that, in units; infinite where there
        are too few cases.
        """
        rest = 1.0 - strength * strength / self.counting if self.counting else 0.0
        if rest <= 0.0:
            return math.inf
        return self.band + strength * self.uncertainty / math.sqrt(rest)


def sums_of(slope: ErrorSlope) -> Sums:
    """Those of one case. Its weight falls with the typical error of an entry, which is at least a
    unit for whole gradients, so that no case has much more than the others.
    """
    q, band = max(-LARGEST, min(LARGEST, slope.units)), BAND * slope.typical
    a = 1.0 / (slope.typical * slope.typical)
    bands = max(-CLIP, min(CLIP, q / band))
    above, below = (bands - 1.0) / slope.typical, (-bands - 1.0) / slope.typical
    terms = above, above**2, below, below**2, a, a * q, a * a, a * a * q, (a * q) ** 2, a * band
    return Sums(1, *(int(term * SCALE) for term in terms))


def added(sums: Iterable[Sums]) -> Sums:
    """The sums over all of them."""
    return functools.reduce(Sums.and_those_of, sums, Sums())


def _normalised(total: int, squares: int) -> float:
    return total / math.sqrt(squares * SCALE) if squares else 0.0


def needed_strength(chance: float, tests: int) -> float:
    """What none of so many tests exceeds by chance, but with this probability."""
    return math.sqrt(2.0 * math.log(2.0 * tests / chance))


def chance_of(strength: float, tests: int) -> float:
    """With what probability some of so many tests exceed it by chance, at most."""
    return min(1.0, 2.0 * tests * math.exp(-0.5 * strength * strength))
