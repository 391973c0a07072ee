"""Of what an error is a multiple: every closed form is tried, and what explains most is it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...cases.types import Array
from .slope import Errors, Regressor, RegressorKind
from .sums import Sums, added, sums_of

PLAINER = (RegressorKind.WHOLE, RegressorKind.GATE, RegressorKind.TERM, RegressorKind.ARITHMETIC)
"""What is said rather than the next, where both explain as much."""
AS_MUCH = 0.01
"""Difference of two shares that says nothing."""
ENOUGH = 8
"""Cases that a candidate must have been tried on."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A candidate on one case: sums of w R e and w R^2 beside that of w e^2; those of the slope."""

    moment: float
    square: float
    errors: float
    sums: Sums


@dataclass(frozen=True, eq=False)
class Candidate:
    """What an error may be a multiple of, tried on many cases."""

    part: Regressor
    tried: list[Tried] = field(default_factory=list[Tried])

    def add(self, errors: Errors, regressor: Array) -> None:
        """Try it on a case."""
        slope = errors.slope_on(regressor)
        square_of_errors = float((errors.weight * errors.error**2).sum())
        if slope is None or not 0.0 < square_of_errors < math.inf:
            return
        weighted = errors.weight * regressor
        self.tried.append(
            Tried(
                float((weighted * errors.error).sum()),
                float((weighted * regressor).sum()),
                square_of_errors,
                sums_of(slope),
            )
        )

    @property
    def sums(self) -> Sums:
        """Of all cases."""
        return added(t.sums for t in self.tried)

    @property
    def multiple(self) -> float:
        """The one number that explains most, each case counting as much as any other."""
        return sum(t.moment / t.errors for t in self.tried) / sum(
            t.square / t.errors for t in self.tried
        )

    @property
    def share(self) -> float:
        """How much of the square of the errors that explains, the mean over the cases."""
        c = self.multiple
        explained = [(2.0 * c * t.moment - c * c * t.square) / t.errors for t in self.tried]
        return float(np.mean(explained))


NEARLY_AS_MUCH = 0.1
"""Difference of two shares for which several gradients are not said to have several mistakes."""


def best_of_each(candidates: Mapping[str, Sequence[Candidate]]) -> dict[str, Candidate]:
    """By gradient the candidate that explains its error most; one and the same term or arithmetic
    for all of them where that explains nearly as much of each.
    """
    chosen = {name: best(tried) for name, tried in candidates.items() if tried}
    for cause in dict.fromkeys((c.part.kind, c.part.name) for c in chosen.values()):
        if cause[0] not in (RegressorKind.TERM, RegressorKind.ARITHMETIC):
            continue
        same = {n: c for n in chosen for c in candidates[n] if (c.part.kind, c.part.name) == cause}
        if len(same) == len(chosen) and all(
            c.share >= chosen[n].share - NEARLY_AS_MUCH for n, c in same.items()
        ):
            return same
    return chosen


def best(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate that explains most; of those that explain as much the plainest."""
    tried = [c for c in candidates if len(c.tried) >= ENOUGH] or list(candidates)
    shares = {id(c): c.share for c in tried}
    most = max(shares.values())
    as_good = [c for c in tried if shares[id(c)] >= most - AS_MUCH]
    return min(as_good, key=lambda c: (PLAINER.index(c.part.kind), -shares[id(c)]))
