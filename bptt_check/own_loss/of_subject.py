"""The first of the two questions: is the gradient the derivative of the subject's *own* loss?

Needs no oracle and no knowledge of the model: see `verify`. Asked when that loss is not the
model's, to tell a right backward of another forward from a wrong backward.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..cases.case import Case
from ..cases.result import Differentiator, Result
from ..subjects.calling import call_once
from ..verdicts.verdict import Verdict
from .verify import verify_function

MOST_CALLS = 20_000
"""Of the subject, at most; a larger case is sampled."""


def own_derivative(
    subject: Differentiator, case: Case, result: Result, timeout: float | None = None
) -> str:
    """One sentence that answers the question for a subject whose loss is another one.

    Bounds are those of `verify_function`: the bounds of the differences of the subject's own loss,
    and its rounding as measured beside the case. Nothing of the model is in them, whose scale may
    be another one. Empty where differences have no answer.

    Args:
        subject: the subject.
        case: a case whose loss by the subject is not the model's.
        result: what the subject returned for it.
        timeout: seconds for one call of the subject.
    """
    if case.truncation is not None:  # then its gradient is not meant to be that of its loss
        return ""
    # half precision has no values between which to take differences: the same values in float32
    near = replace(case, dtype=case.stored)

    def own(arrays: dict[str, Any]) -> Result:
        answer = call_once(subject, near.with_inputs(arrays), timeout).result
        if answer is None:
            raise ValueError("the subject gave no loss and gradients here")
        return Result(answer.loss, {n: answer.grads[n].astype(case.stored) for n in result.grads})

    report = verify_function(own, case.inputs, wrt=list(result.grads), max_calls=MOST_CALLS)
    wrong = dict.fromkeys(r.parameter for r in report.rows if r.verdict == Verdict.FAIL)
    if wrong:
        return f"your backward is not the derivative of your own loss either: {', '.join(wrong)}"
    if any(r.decided for r in report.rows):
        return (
            "your backward is right for your forward, but your forward is another model (or loss)"
        )
    return ""
