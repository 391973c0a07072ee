"""The cause of a verdict in sentences: what is wrong, where, by how much, and how to see it again.

Every function takes records and returns text; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.follow_up import FollowUpKind
from ..cases.kind_sentences import TITLES, no_subject_lines
from ..cases.message import Message
from ..cases.recurrences.recurrence import RecurrenceCase
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
from .contract.breach_sentences import breach_sentence, nonlinearity, why_out_of_range
from .contract.linearity import Nonlinearity
from .entries import census, entry_of, most_seen, worst_entry_lines
from .follow_up_sentences import kept, suggestion, when
from .nonfinite import LargeNumbers, OutOfRange
from .oracle_disagreement import OF_REFERENCE, Disagreement
from .row import Row, farthest_off
from .training_step import DEFINITIONS
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


def diagnosed(sentence: str, more: Iterable[str] = ()) -> list[str]:
    """The lines of a message that name the mistake."""
    return [f"diagnosis: {sentence}", *(f"  {line}" for line in more)]


Told = tuple[str, str, list[str]]
"""The word for a verdict, what happened, and the lines below; empty ones are left out."""


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
            return _wrong_loss(cause)
        case WrongOutputs():
            return _wrong_outputs(cause, case, rows)
        case WrongGradient():
            return _wrong_gradient(cause, case, rows)
        case WrongTrainingStep():
            return _wrong_training_step(cause)
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


def wrong_names(names: Sequence[str]) -> str:
    """Whose gradient is wrong."""
    return f"the gradient of {_listed(names)} is wrong"


def _wrong_gradient(cause: WrongGradient, case: AnyCase, rows: Sequence[Row]) -> Told:
    """A gradient that is not the derivative of a right loss."""
    bad = [r for r in rows if r.verdict == Verdict.FAIL]
    worst = farthest_off(bad)
    parts = [part for row in most_seen(bad) for part in row.parts]
    names = [part.array for part in parts if part.wrong]
    decided = dict.fromkeys(r.parameter for r in rows if r.verdict == Verdict.PASS)
    right = [part.array for part in parts if not part.wrong]
    right += [n for n in decided if n not in {r.parameter for r in bad}]
    if cause.approximation:
        what = f"{wrong_names(names)}: approximate, to about {cause.approximation:.0e}"
        lines = [
            *_approximate(cause.approximation),
            *worst_entry_lines(case, worst, [r for r in rows if r.parameter == worst.parameter]),
        ]
        return "FAIL", what, lines
    lines = [
        _right_forward(case),
        *worst_entry_lines(case, worst, [r for r in rows if r.parameter == worst.parameter]),
        f"wrong: {census(bad)}",
        f"right: {_listed(right) or 'nothing'}",
        *_first_wrong_step(case, cause.steps),
        *_hints(cause.hints),
    ]
    return "FAIL", wrong_names(names), lines


def _wrong_outputs(cause: WrongOutputs, case: AnyCase, rows: Sequence[Row]) -> Told:
    """Outputs that are not those of the recurrence."""
    bad = [r for r in rows if r.verdict == Verdict.FAIL]
    outputs = [r for r in bad if r.parameter in cause.names]
    worst = farthest_off(outputs)
    right = dict.fromkeys(r.parameter for r in rows if r.verdict == Verdict.PASS)
    lines = [
        *_approximate(cause.approximation),
        *worst_entry_lines(case, worst, [r for r in rows if r.parameter == worst.parameter]),
        f"wrong: {census(bad)}",
        f"right: {_listed([n for n in right if n not in {r.parameter for r in bad}]) or 'nothing'}",
        *(f"in time: {n} is first wrong at step {step}" for n, step in cause.first_steps.items()),
        "every gradient is right, only outputs are others"
        if cause.right_gradients
        else cause.own_derivative,
        *_hints(cause.hints),
    ]
    are = "is" if len(cause.names) == 1 else "are"
    return "FAIL", f"{_listed(cause.names)} {are} not what the reference gives", lines


def _right_forward(case: AnyCase) -> str:
    agree = "every output agrees" if isinstance(case, RecurrenceCase) else "the loss agrees"
    return f"your forward is right ({agree}), your backward is wrong"


def _approximate(error: float) -> list[str]:
    """That everything is near the truth, and how that is declared where it is meant."""
    if not error:
        return []
    return [
        "every error is small beside the largest entry, and none is a missing term: "
        f"if your code approximates, say accuracy={_rounded_up(error):.0e}"
    ]


def _rounded_up(error: float) -> float:
    """A power of ten, at least twice as large."""
    return float(10.0 ** np.ceil(np.log10(2.0 * error)))


def _wrong_training_step(cause: WrongTrainingStep) -> Told:
    """A `clip` or `update` that is not what its definition says."""
    row = cause.row
    lines = [
        "your gradient is right, what you do with it is not",
        f"got       {row.got:.17g}",
        f"expected  {row.want:.17g}  ({row.reason})",
    ]
    return "FAIL", f"{row.parameter} is not {DEFINITIONS[row.parameter]}", lines


LOSES_DIGITS = "right to fewer digits than its dtype has"


UNNAMED = (
    "errors are too small for a wrong formula, and larger than the rounding that is known of it: "
    "is something computed in a way that cancels?"
)
"""Of an arithmetic that is not known by name."""


def _lost_digits(cause: LostDigits, case: AnyCase, rows: Sequence[Row]) -> Told:
    """A right formula in an arithmetic that loses digits, and which."""
    bad = [r for r in rows if r.verdict == Verdict.IMPRECISE]
    worst = farthest_off(bad)
    lost = np.log10(worst.max_budgets)
    fewer = f"about {lost:.0f} digits fewer than" if lost >= 0.5 else "less than a digit below what"
    lines = [
        f"errors are no larger than those of {cause.arithmetic}: {fewer} {case.dtype} gives"
        if cause.arithmetic
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


def _wrong_loss(cause: WrongLoss) -> Told:
    """A loss that is not the model's: another forward, or another loss."""
    error = abs(cause.got - cause.expected)
    right = "your gradients are those of the model, only the loss is another one"
    lines = [
        f"got       {cause.got:.17g}",
        f"expected  {cause.expected:.17g}",
        f"error     {error:.3g} = {error / cause.budget:.3g} budgets",
        *_approximate(cause.approximation),
        cause.first_difference,
        right if cause.right_gradients else cause.own_derivative,
        *_hints(cause.hints),
    ]
    return "FAIL", "the loss is not that of this model", lines


def _hints(hints: Iterable[Nonlinearity]) -> Iterator[str]:
    """What the cotangents say about a wrong gradient."""
    for hint in hints:
        yield from diagnosed(nonlinearity(hint))


def _out_of_range(cause: OutOfRange) -> Told:
    """Gradients, or a loss, that no number of the dtype can hold."""
    lines = [f"not finite: {_listed(cause.names)}", why_out_of_range(cause)]
    return "INCONCLUSIVE", f"this case leaves the range of {cause.dtype}", lines


def _large_numbers(cause: LargeNumbers, rows: Sequence[Row]) -> Told:
    """Numbers with which nothing can be measured, and of which oracles that holds."""
    oracles = dict.fromkeys(r.oracle for r in rows if r.reason_kind is Reason.OVERFLOW)
    lines = [sentence(Reason.OVERFLOW, *cause.details), f"undecided by: {_listed([*oracles])}"]
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


def _first_wrong_step(case: AnyCase, wrong_steps: Sequence[int]) -> list[str]:
    """What the gradient of `x` tells about the step where things first go wrong, backwards in
    time.
    """
    last = 0 if isinstance(case, RecurrenceCase) else case.sizes.T - 1
    if not wrong_steps or last == 0:
        return []
    first = max(wrong_steps)
    right = f"; later steps are right up to {last}" if first < last else ""
    return [f"in time: going backwards, the gradient of x is first wrong at step {first}{right}"]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
