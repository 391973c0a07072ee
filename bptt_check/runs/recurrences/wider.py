"""Rounding told from formula: errors that shrink as the kernel has more digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceCase
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

CheckedOnce = Callable[[RecurrenceCase], CaseReport]
"""The subject called once on a case, and judged."""


def told_from_formula(report: CaseReport, checked: CheckedOnce) -> CaseReport:
    """A report of errors that is `imprecise` where on the very same numbers in a wider dtype they
    are far smaller; any other as it is.
    """
    case = report.case
    explained = isinstance(report.cause, WrongGradient | WrongOutputs)
    if not isinstance(case, RecurrenceCase) or not explained:
        return report
    for dtype in WIDER.get(case.dtype, ()):
        wide = [checked(replace(case, dtype=dtype, spec=None)) for _ in range(CALLS)]
        if wide[0].evidence is not None:
            return _imprecise(report, dtype) if all(_shrink(report, w) for w in wide) else report
    return report


def _shrink(report: CaseReport, wide: CaseReport) -> bool:
    """Whether every error over budget shrinks: by no less than the geometric mean of 1, as a wrong
    formula does, and of the ratio of the units, as rounding does.
    """
    narrow = PRECISIONS[report.case.dtype].unit
    share = math.sqrt(PRECISIONS[wide.case.dtype].unit / narrow)
    wrong = {r.parameter for r in report.rows if r.verdict == Verdict.FAIL}
    return all(_largest(wide, n) <= share * _largest(report, n) for n in wrong)


def _largest(report: CaseReport, name: str) -> float:
    """The largest error of an array; infinite where no oracle knows its entries."""
    measured = report.evidence and sharpest_difference(name, report.evidence)
    return float(measured[0].error.max()) if measured else math.inf


def _imprecise(report: CaseReport, wider: str) -> CaseReport:
    """The same errors as lost digits."""
    rows = (
        r.because(Verdict.IMPRECISE, Reason.NONE) if r.verdict == Verdict.FAIL else r
        for r in report.rows
    )
    cause = LostDigits("", wider)
    return replace(report, verdict=Verdict.IMPRECISE, rows=tuple(rows), cause=cause)
