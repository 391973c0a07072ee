"""The cause of a verdict in sentences: what is wrong, where, by how much, and how to see it again.

Every function takes records and returns text; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.follow_up import FollowUpKind
from ..cases.message import Message
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.words.kind_sentences import TITLES, no_subject_lines
from ..cases.wrong_kind import NoSubject
from .cause import (
    Cause,
    ContractBroken,
    Declined,
    Explained,
    LossLostDigits,
    LostDigits,
    NoAnswer,
    WrongFollowUp,
    WrongGradient,
    WrongLoss,
    WrongOutputs,
    WrongTrainingStep,
)
from .contract.breach_sentences import breach_sentence, why_out_of_range
from .entries import census, entry_of, worst_entry_lines
from .nonfinite import LargeNumbers, OutOfRange
from .oracle_disagreement import OF_REFERENCE, Disagreement
from .row import Row, farthest_off
from .sentences.follow_up_sentences import kept, suggestion, when
from .sentences.parts import Told, comma_list, diagnosed
from .sentences.wrong_results import (
    wrong_gradient,
    wrong_loss,
    wrong_outputs,
    wrong_training_step,
)
from .verdict import Reason, Verdict, sentence


def message_of(cause: Cause, case: AnyCase, rows: Sequence[Row], again: str) -> Message:
    """The message of a case whose verdict rests on this cause.

    `again` is what to type to see the case again.
    """
    if isinstance(cause, Declined):
        return Message(cause.reason)
    alone = not isinstance(cause, WrongFollowUp) or cause.call.kind is not FollowUpKind.AT_THE_END
    return titled(_told(cause, case, rows), str(case.model), again if alone else "")


def titled(told: Told, of: str, again: str) -> Message:
    """The message of what is told of a model or a function, with what to type to see it again."""
    verdict, what, lines = told
    return Message(f"{verdict}  {of}: {what}", tuple(filter(None, lines)), again)


def _told(cause: Explained, case: AnyCase, rows: Sequence[Row]) -> Told:
    match cause:
        case NoSubject():
            title = TITLES[cause.kind].format(name=cause.name)
            lines = no_subject_lines(cause, case) if isinstance(case, Case) else ()
            return "CONTRACT", title, [*lines]
        case NoAnswer():
            return no_answer("subject", cause.what)
        case ContractBroken():
            return broken_contract(map(breach_sentence, cause.breaches))
        case OutOfRange():
            return _out_of_range(cause)
        case LargeNumbers():
            return _large_numbers(cause, rows)
        case Disagreement():
            return _disagreement(cause, case)
        case LostDigits():
            return _lost_digits(cause, case, rows)
        case LossLostDigits():
            return _loss_lost_digits(cause)
        case WrongLoss():
            return wrong_loss(cause)
        case WrongOutputs():
            return wrong_outputs(cause, case, rows)
        case WrongGradient():
            return wrong_gradient(cause, case, rows)
        case WrongTrainingStep():
            return wrong_training_step(cause)
        case WrongFollowUp():
            return _wrong_follow_up(cause)


def _wrong_follow_up(cause: WrongFollowUp) -> Told:
    """A case that is right when it is asked once, and not in a further call."""
    verdict, what, lines = _told(cause.cause, cause.case, cause.rows)
    diagnosis = diagnosed(kept(cause)) if cause.unchanged else []
    return (
        verdict,
        f"right when asked once, but not {when(cause)}: {what}",
        [
            *lines,
            *diagnosis,
            suggestion(cause),
        ],
    )


def no_answer(who: str, what: str) -> Told:
    """A subject or a function that raised, ran out of time or died."""
    return "ERROR", f"the {who} {what}", []


def broken_contract(breaches: Iterable[str]) -> Told:
    """What came back is no loss and gradients."""
    return "CONTRACT", "what came back cannot be taken as it is", [*breaches]


LOSES_DIGITS = "right to fewer digits than its dtype has"


UNNAMED = (
    "errors are too small for a wrong formula, and larger than the rounding that is known of it: "
    "is something computed in a way that cancels?"
)
"""Of an arithmetic that is not known by name."""


SHRINKS = (
    "on the very same numbers in {wide} the errors are far smaller, and those of a wrong formula "
    "would not be: {dtype} loses more digits here than the reference does; is something computed "
    "in a way that cancels?"
)
"""Of code whose errors are rounding, though nobody knows of what."""


def _lost_digits(cause: LostDigits, case: AnyCase, rows: Sequence[Row]) -> Told:
    """A right formula in an arithmetic that loses digits, and which."""
    bad = [r for r in rows if r.verdict == Verdict.IMPRECISE]
    worst = farthest_off(bad)
    lost = np.log10(worst.max_budgets)
    fewer = f"about {lost:.0f} digits fewer than" if lost >= 0.5 else "less than a digit below what"
    lines = [
        f"errors are no larger than those of {cause.arithmetic}: {fewer} {case.dtype} gives"
        if cause.arithmetic
        else SHRINKS.format(wide=cause.shrinks_in, dtype=case.dtype)
        if cause.shrinks_in
        else UNNAMED,
        *worst_entry_lines(case, worst, [r for r in rows if r.parameter == worst.parameter]),
        f"imprecise: {census(bad)}",
    ]
    return "IMPRECISE", LOSES_DIGITS, lines


def _loss_lost_digits(cause: LossLostDigits) -> Told:
    """A loss that only lost digits, beside gradients that are right."""
    error, want = cause.error, cause.expected
    lines = [
        f"every gradient is right; the error of the loss is no larger than {cause.arithmetic} "
        "would leave"
        if cause.arithmetic
        else f"every gradient is right; of the loss: {UNNAMED}",
        f"expected  {want:.17g}",
        f"error     {error:.3g}, relative {error / abs(want) if want else float('inf'):.3g}",
    ]
    return "IMPRECISE", LOSES_DIGITS, lines


def _out_of_range(cause: OutOfRange) -> Told:
    """Gradients, or a loss, that no number of the dtype can hold."""
    lines = [f"not finite: {comma_list(cause.names)}", why_out_of_range(cause)]
    return "INCONCLUSIVE", f"this case leaves the range of {cause.dtype}", lines


def _large_numbers(cause: LargeNumbers, rows: Sequence[Row]) -> Told:
    """Numbers with which nothing can be measured, and of which oracles that holds."""
    oracles = dict.fromkeys(r.oracle for r in rows if r.reason_kind is Reason.OVERFLOW)
    lines = [
        sentence(Reason.OVERFLOW, *cause.details),
        f"undecided by: {comma_list([*oracles])}",
    ]
    return "INCONCLUSIVE", "the numbers of this case are too large to decide anything", lines


def _disagreement(cause: Disagreement, case: AnyCase) -> Told:
    """Oracles that exclude each other."""
    lines = [f"{name:18} {value:.17g}" for name, value in cause.values.items()]
    if cause.outvoted:
        lines.append(
            f"outvoted: {cause.outvoted}. Please report this case: it is a bug in one of them."
        )
    if cause.along_direction:
        place = f"along a direction through {cause.parameter}"
    else:
        place = f"at {entry_of(case, cause.parameter, cause.index)}"
    lines += [OF_REFERENCE] if isinstance(case, RecurrenceCase) else []
    return "INCONCLUSIVE", f"the oracles disagree {place}", lines
