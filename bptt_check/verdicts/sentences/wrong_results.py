"""What is told of wrong results: gradients, outputs, losses and training steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.recurrences.recurrence import RecurrenceCase
from ..cause import WrongGradient, WrongLoss, WrongOutputs, WrongTrainingStep
from ..contract.breach_sentences import nonlinearity
from ..contract.linearity import Nonlinearity
from ..entries import census, most_seen, worst_entry_lines
from ..row import Row, farthest_off
from ..training_step import DEFINITIONS
from ..verdict import Verdict
from .parts import Told, comma_list, diagnosed


def wrong_names(names: Sequence[str]) -> str:
    """Whose gradient is wrong."""
    return f"the gradient of {comma_list(names)} is wrong"


def wrong_gradient(cause: WrongGradient, case: AnyCase, rows: Sequence[Row]) -> Told:
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
        f"right: {comma_list(right) or 'nothing'}",
        *_first_wrong_step(case, cause.steps),
        *_hints(cause.hints),
    ]
    return "FAIL", wrong_names(names), lines


def wrong_outputs(cause: WrongOutputs, case: AnyCase, rows: Sequence[Row]) -> Told:
    """Outputs that are not those of the recurrence."""
    bad = [r for r in rows if r.verdict == Verdict.FAIL]
    outputs = [r for r in bad if r.parameter in cause.names]
    worst = farthest_off(outputs)
    decided = dict.fromkeys(r.parameter for r in rows if r.verdict == Verdict.PASS)
    right = [n for n in decided if n not in {r.parameter for r in bad}]
    lines = [
        *_approximate(cause.approximation),
        *worst_entry_lines(case, worst, [r for r in rows if r.parameter == worst.parameter]),
        f"wrong: {census(bad)}",
        f"right: {comma_list(right) or 'nothing'}",
        *(f"in time: {n} is first wrong at step {step}" for n, step in cause.first_steps.items()),
        "every gradient is right, only outputs are others"
        if cause.right_gradients
        else cause.own_derivative,
        *_hints(cause.hints),
    ]
    are = "is" if len(cause.names) == 1 else "are"
    return "FAIL", f"{comma_list(cause.names)} {are} not what the reference gives", lines


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


def wrong_training_step(cause: WrongTrainingStep) -> Told:
    """A `clip` or `update` that is not what its definition says."""
    row = cause.row
    lines = [
        "your gradient is right, what you do with it is not",
        f"got       {row.got:.17g}",
        f"expected  {row.want:.17g}  ({row.reason})",
    ]
    return "FAIL", f"{row.parameter} is not {DEFINITIONS[row.parameter]}", lines


def wrong_loss(cause: WrongLoss) -> Told:
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
