"""In which way a case ended: one verdict holds for several kinds of mistakes."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ..cases.contract import Outcome
from ..cases.wrong_kind import NoSubject
from .cause import (
    Cause,
    ContractBroken,
    LossLostDigits,
    LostDigits,
    NoAnswer,
    WrongFollowUp,
    WrongGradient,
    WrongLoss,
    WrongOutputs,
    WrongTrainingStep,
)
from .nonfinite import NotFinite, Overflow
from .verdict import Verdict


class CaseKind(StrEnum):
    """What came of a case, finer than its verdict: what one mistake has in common."""

    RIGHT = "right"
    UNDECIDED = "undecided"
    DECLINED = "declined"
    RAISED = "raised"
    TIMED_OUT = "timed out"
    DIED = "died"
    NOT_CALLED = "not called"
    NO_SUBJECT = "no subject"
    BROKEN_CONTRACT = "broken contract"
    NOT_FINITE = "not finite"
    """A loss or gradients with infinity or NaN, and nothing else that breaks the contract."""
    WRONG_LOSS = "wrong loss"
    WRONG_OUTPUTS = "wrong outputs"
    """Of a kernel, beside the recurrence that defines them."""
    WRONG_GRADIENT = "wrong gradient"
    TRAINING_STEP = "training step"
    WRONG_FOLLOW_UP = "wrong follow-up"
    """Right when it is asked once, and not in a further call."""
    LOST_DIGITS = "lost digits"
    SYSTEMATIC = "systematic"
    """Of no case by itself: what the errors of many have in common."""


class CaseEnd(NamedTuple):
    """Verdict and kind of a case, and of one that raised the line that did."""

    verdict: Verdict
    kind: CaseKind
    place: str = ""


_OF_VERDICT = {
    Verdict.PASS: CaseKind.RIGHT,
    Verdict.INCONCLUSIVE: CaseKind.UNDECIDED,
    Verdict.UNSUPPORTED: CaseKind.DECLINED,
    Verdict.ERROR: CaseKind.RAISED,
    Verdict.CONTRACT: CaseKind.BROKEN_CONTRACT,
    Verdict.FAIL: CaseKind.WRONG_GRADIENT,
    Verdict.IMPRECISE: CaseKind.LOST_DIGITS,
}
"""Verdict to the kind of a case of which no more is known."""
_OF_CAUSE: dict[type, CaseKind] = {
    NoSubject: CaseKind.NO_SUBJECT,
    LostDigits: CaseKind.LOST_DIGITS,
    LossLostDigits: CaseKind.LOST_DIGITS,
    WrongLoss: CaseKind.WRONG_LOSS,
    WrongOutputs: CaseKind.WRONG_OUTPUTS,
    WrongGradient: CaseKind.WRONG_GRADIENT,
    WrongTrainingStep: CaseKind.TRAINING_STEP,
    WrongFollowUp: CaseKind.WRONG_FOLLOW_UP,
}
_OF_OUTCOME = {
    Outcome.ANSWERED: CaseKind.TRAINING_STEP,
    Outcome.TIMED_OUT: CaseKind.TIMED_OUT,
    Outcome.DIED: CaseKind.DIED,
    Outcome.NOT_CALLED: CaseKind.NOT_CALLED,
}
"""What came of the call of a case without an answer; one that came back raised afterwards."""


def end_of(verdict: Verdict, cause: Cause | None, outcome: Outcome) -> CaseEnd:
    """In which way a case ended."""
    match cause:
        case NoAnswer():
            return CaseEnd(verdict, _OF_OUTCOME.get(outcome, CaseKind.RAISED), cause.place)
        case ContractBroken() if all(isinstance(b, NotFinite | Overflow) for b in cause.breaches):
            return CaseEnd(verdict, CaseKind.NOT_FINITE)
        case _:
            return CaseEnd(verdict, _OF_CAUSE.get(type(cause), _OF_VERDICT[verdict]))
