"""The verdicts, in the one order that all of them are sorted by, and the reasons of rows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

NOT_OFFERED = "not offered by the subject"


AT_KINK = "at a kink of relu any subgradient is accepted, in {} of {} entries"
KINK_WITHIN_STEP = "a kink lies within the step of every entry"
PARTED = "rounding in {} grows until trajectories part, which explains any value"
VACUOUS = "vacuous: the true gradient lies below the budget"


class Verdict(StrEnum):
    """What is said of a row, a case, a model or a run; the members stand from worst to best.

    A verdict is its string. `<` compares strings, so whatever needs the order asks for `rank`.
    """

    ERROR = "error"
    CONTRACT = "contract"
    FAIL = "fail"
    IMPRECISE = "imprecise"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"
    PASS = "pass"

    @property
    def rank(self) -> int:
        """The place in the order from worst to best."""
        return _RANKS[self]

    @property
    def failure_rank(self) -> int:
        """The place among the failures, from worst to mildest, and one place for all others."""
        return min(self.rank, Verdict.INCONCLUSIVE.rank)

    @property
    def failing(self) -> bool:
        """Whether the subject is to blame."""
        return self.rank < Verdict.INCONCLUSIVE.rank

    @property
    def decided(self) -> bool:
        """Whether it is known if the subject is right."""
        return self.failing or self is Verdict.PASS


_RANKS = {verdict: place for place, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; `inconclusive` if there is none."""
    return min(verdicts, key=lambda v: v.rank, default=Verdict.INCONCLUSIVE)


def decisive(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of those that are decided, else the worst; `inconclusive` if there is none."""
    return min(verdicts, key=lambda v: (not v.decided, v.rank), default=Verdict.INCONCLUSIVE)
