"""What further calls of a subject say of a case that is right when it is asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.contract import FollowUp
from ..cases.precision import PRECISIONS
from ..cases.result import OracleResults, Result
from ..cases.types import Array
from .budget import Tolerance
from .case_report import CaseReport
from .cause import Declined, WrongFollowUp
from .judge import judge


@dataclass(frozen=True, eq=False)
class JudgedCall:
    """A further call, the case that it was about, and what the oracles say of that."""

    follow_up: FollowUp
    case: AnyCase
    results: OracleResults


def judge_follow_ups(
    report: CaseReport,
    calls: Iterable[JudgedCall],
    tolerance: Tolerance,
    reconsidered: Callable[[CaseReport], CaseReport] = lambda again: again,
) -> CaseReport:
    """The report of a case with that of the first further call that is wrong.

    Args:
        report: of the case itself; one that is no pass stays as it is.
        calls: in the order in which they were made.
        tolerance: of every budget.
        reconsidered: the report of a call with what else is known of its errors.
    """
    for call in calls if report.passed else ():
        follow_up = call.follow_up
        if plainly_right(call, tolerance):
            continue
        judged = judge(call.case, follow_up.answer, call.results, tolerance, report.subject)
        again = reconsidered(judged)
        if again.verdict.failing and again.cause and not isinstance(again.cause, Declined):
            cause = WrongFollowUp(
                call=follow_up.call,
                after=follow_up.after,
                case=call.case,
                cause=again.cause,
                rows=again.rows,
                unchanged=_unchanged(report, again, follow_up),
            )
            return replace(report, verdict=again.verdict, cause=cause, parameter=again.parameter)
    return report


def plainly_right(call: JudgedCall, tolerance: Tolerance) -> bool:
    """Whether an answer is so near to what an oracle says that rounding need not be simulated.

    Whatever else rounds, an entry does itself: its budget is more than `tolerance.units` roundings
    of its value. Half of that leaves room for what samples are off by.
    """
    answer, got = call.follow_up.answer, call.follow_up.answer.result
    exact = [r for r in call.results.values() if isinstance(r, Result) and not r.along]
    if got is None or not got.grads or not exact or answer.breaches or answer.linear:
        return False
    share = tolerance.units / 2.0 * PRECISIONS[call.case.dtype].unit
    return answer.second_result is None and all(
        abs(got.loss - want.loss) <= share * abs(want.loss)
        and all(_within(share, value, want.entries.get(n)) for n, value in got.entries.items())
        for want in exact
    )


def _within(share: float, got: Array, want: Array | None) -> bool:
    """Whether no entry is farther off than a share of it; what nobody knows, as outputs, is not."""
    return want is None or bool(np.all(np.abs(got - want) <= share * np.abs(want)))


def _unchanged(report: CaseReport, again: CaseReport, follow_up: FollowUp) -> tuple[str, ...]:
    """The wrong gradients that are those of the first call to the last bit, though the case is
    another one.
    """
    if follow_up.call.kind.same_case or report.evidence is None or again.evidence is None:
        return ()
    first, later = report.evidence.result, again.evidence.result
    wrong = dict.fromkeys(r.parameter for r in again.rows if r.verdict == again.verdict)
    return tuple(n for n in wrong if _same(first, later, n))


def _same(first: Result, later: Result, name: str) -> bool:
    return name in first.grads and np.array_equal(first.grads[name], later.grads[name])
