"""The verdicts, in the one order that all of them are sorted by, and the reasons of rows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any


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


class Reason(StrEnum):
    """Why a row says no more than its verdict does, or what that rests on.

    Programs compare these; readers get the `sentence`.
    """

    NONE = ""
    NOT_OFFERED = "not offered"
    DECLINED = "declined"
    """The oracle cannot judge such a case, or raised."""
    VACUOUS = "vacuous"
    KINK_WITHIN_STEP = "kink within step"
    KINK_ALONG_DIRECTIONS = "kink along directions"
    AT_KINK = "at kink"
    CHAOTIC = "chaotic"
    """Rounding grows along the sequence until nothing is left of the numbers."""
    EXACTLY_ZERO = "exactly zero"
    """Of an input that provably cannot influence the loss of the case."""
    OUT_OF_RANGE = "out of range"
    """The true value is no number of the dtype."""
    OVERFLOW = "overflow"
    """Of a case whose numbers are so large that what is measured of them leaves float64."""
    UNDEFINED = "undefined"
    """What defines a recurrence has no number there."""
    ORACLES_DISAGREE = "oracles disagree"
    CONTRADICTED = "contradicted"
    """By an oracle whose bounds are a proof."""
    WORST_ENTRY = "worst entry"
    """Not why, but where: in a row that holds several arrays end to end."""
    NO_SINGLE_SLOPE = "no single slope"
    JUMP = "jump"
    LOSS_NOT_FINITE = "loss not finite"
    VARIES_BELOW_STEPS = "varies below steps"
    """Of a loss whose coarse differences say one thing and whose fine ones another."""
    PLATEAU = "plateau"
    """Of a loss that is flat beside the point and jumps farther off, as coarse arithmetic does."""
    NOT_MEASURED = "not measured"
    NO_DIGITS = "no digits"
    """Of a loss that the shortest distances between numbers change altogether."""
    NO_INFLUENCE = "no influence"
    """Of an array that the loss does not depend on where it was measured."""
    SYSTEMATIC = "systematic"
    """Over all cases together: within budget in each of them, and off in the same way."""


_SENTENCES = {
    Reason.NONE: "",
    Reason.NOT_OFFERED: "not offered by the subject",
    Reason.DECLINED: "{}",
    Reason.VACUOUS: "vacuous: the true gradient lies below the budget",
    Reason.KINK_WITHIN_STEP: "a kink lies within the step of every entry",
    Reason.KINK_ALONG_DIRECTIONS: "a kink lies within the step along every direction",
    Reason.AT_KINK: "at a kink of relu any subgradient is right, which decides {} of {} entries",
    Reason.CHAOTIC: ("rounding in {} grows until trajectories diverge, which explains any value"),
    Reason.EXACTLY_ZERO: "exactly zero, as it must be",
    Reason.OUT_OF_RANGE: "{}",
    Reason.OVERFLOW: (
        "overflow: {} has numbers of {:.2g}, those on the way reach {}, and products of such leave "
        "the range of float64 (1.8e+308), in which rounding and derivatives are measured"
    ),
    Reason.UNDEFINED: "the reference returns {} in {} of {} entries of {}",
    Reason.ORACLES_DISAGREE: "the oracles disagree on {}",
    Reason.CONTRADICTED: (
        "contradicted by a proof; please report this case: it is a bug in this oracle"
    ),
    Reason.WORST_ENTRY: "{}",
    Reason.NO_SINGLE_SLOPE: "a kink: any derivative between {:.6g} and {:.6g} is right",
    Reason.JUMP: "the loss jumps here, or has no finite one-sided derivative",
    Reason.LOSS_NOT_FINITE: "the loss is not finite beside this point",
    Reason.VARIES_BELOW_STEPS: (
        "the loss varies below its steps: differences over {:.2g} say {:.6g}, over {:.2g} {:.6g}"
    ),
    Reason.PLATEAU: (
        "the loss stays the same over steps of {:.2g}, which may be rounding that hides its slope"
    ),
    Reason.NOT_MEASURED: "the time limit came before it was measured",
    Reason.NO_DIGITS: (
        "the loss has no digits to difference: over the shortest distances between numbers it "
        "still varies by {:.2g}"
    ),
    Reason.NO_INFLUENCE: "exactly zero, as the loss does not depend on it here",
    Reason.SYSTEMATIC: "{}",
}


def sentence(reason: Reason, *details: Any) -> str:
    """A reason for readers, with the numbers and names that belong to it."""
    return _SENTENCES[reason].format(*details)
