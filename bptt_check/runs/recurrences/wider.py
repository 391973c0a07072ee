"""Rounding told from formula: errors that shrink as the kernel has more digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...equations.low_precision import is_on_grid
from ...equations.recurrences.truth import evaluation_of
from ...verdicts.budget import Tolerance
from ...verdicts.case_report import CaseReport
from ...verdicts.cause import LostDigits, WrongGradient, WrongOutputs
from ...verdicts.verdict import Reason, Verdict
from .places import sharpest_difference

WIDER = {
    "bfloat16": ("float64", "float32"),
    "float16": ("float64", "float32"),
    "float32": ("float64",),
}
"""Dtype to those of so many more digits that errors of rounding are far smaller, the widest first:
a kernel need not take them all."""

CALLS = 3
"""How often a kernel is asked there: errors of a race come and go."""

Called = Callable[[RecurrenceCase], Result | None]
"""The subject called once on a case; None where it gave nothing to compare."""


def told_from_formula(report: CaseReport, called: Called) -> CaseReport:
    """A report of errors that is `imprecise` where on the very same numbers in a wider dtype they
    are far smaller; any other as it is.
    """
    case = report.case
    explained = isinstance(report.cause, WrongGradient | WrongOutputs)
    if not isinstance(case, RecurrenceCase) or not explained:
        return report
    wrong = {r.parameter for r in report.rows if r.verdict == Verdict.FAIL}
    errors = {n: _largest(report, n) for n in wrong}
    for dtype in WIDER.get(case.dtype, ()):
        wide = replace(case, dtype=dtype, spec=None)
        results = [result for _ in range(CALLS) if (result := called(wide)) is not None]
        if len(results) == CALLS:
            share = math.sqrt(PRECISIONS[dtype].unit / PRECISIONS[case.dtype].unit)
            if all(_shrink(case, errors, result, share) for result in results):
                return _imprecise(report, dtype)
            narrow = is_on_grid(results[0].grads, case.dtype)  # whatever it is given
            return _imprecise(report, "") if narrow and _are_small(case, errors) else report
    return report


def told_by_size(report: CaseReport) -> CaseReport:
    """A report of a further call that is `imprecise` where errors in float32 are below the rounding
    of the largest entry; any other as it is.

    The kernel is not asked again: what an earlier call left behind need not be there any more.
    """
    case = report.case
    explained = isinstance(report.cause, WrongGradient | WrongOutputs)
    if not isinstance(case, RecurrenceCase) or not explained:
        return report
    wrong = {r.parameter for r in report.rows if r.verdict == Verdict.FAIL}
    errors = {n: _largest(report, n) for n in wrong}
    return _imprecise(report, "") if _are_small(case, errors) else report


def _largest(report: CaseReport, name: str) -> float:
    """The largest error of an array; none where no oracle knows its entries."""
    measured = report.evidence and sharpest_difference(name, report.evidence)
    return float(measured[0].error.max()) if measured else 0.0


def _shrink(case: RecurrenceCase, errors: Mapping[str, float], wide: Result, share: float) -> bool:
    """Whether every error over budget shrinks to a share: the geometric mean of 1, as errors of a
    wrong formula stay, and of the ratio of the units, by which rounding shrinks.

    The numbers are the same, and so is the truth.
    """
    truth = evaluation_of(case)
    known, got = {**truth.grads, **truth.outputs}, wide.entries
    return all(
        n in got and bool(np.all(np.abs(got[n] - known[n]) <= share * largest))
        for n, largest in errors.items()
    )


def _are_small(case: RecurrenceCase, errors: Mapping[str, float]) -> bool:
    """Whether no error is larger than the rounding of the largest entry of its array in float32:
    all that can be told of a kernel that has no more digits in a wider dtype.

    In half precision that is an eighth of the entry, within which formulas are wrong.
    """
    if case.dtype != "float32":
        return False
    truth, unit = evaluation_of(case), PRECISIONS[case.dtype].unit
    known = {**truth.grads, **truth.outputs}
    return all(
        largest <= Tolerance().units * unit * float(np.abs(known[n]).max(initial=0.0))
        for n, largest in errors.items()
    )


def _imprecise(report: CaseReport, wider: str) -> CaseReport:
    """The same errors as lost digits."""
    rows = (
        r.because(Verdict.IMPRECISE, Reason.NONE) if r.verdict == Verdict.FAIL else r
        for r in report.rows
    )
    cause = LostDigits("", wider)
    return replace(report, verdict=Verdict.IMPRECISE, rows=tuple(rows), cause=cause)
