"""Counting how errors spread, case by case."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bptt_check.cases.case import Spec
from bptt_check.runs.errors.error_distribution import LAST_BIN, ErrorHistograms, bin_of, steps_back
from bptt_check.runs.measurements import ErrorByLength
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.row import Row, not_judged
from bptt_check.verdicts.verdict import Reason, Verdict

ROW = Row(
    "W", "torch", Verdict.PASS, Reason.NONE, 1e-16, 1e-15, 2.0, 0.05, (0,), 1.0, 1.0, 1e-14, 4, 0, 4
)
CASE = Spec.parse("lstm T=3 B=1 D=1 H=1 O=2 seed=0").build()


def report(row: Row, case=CASE) -> CaseReport:
    return CaseReport(row.verdict, case, "subject", (row,))


def histogram_of(*reports: CaseReport):
    histograms = ErrorHistograms()
    for one in reports:
        histograms.add("lstm", one)
    (found,) = histograms.records()
    return found


@pytest.mark.parametrize(
    ("size", "want"), [(1.0, 0), (3.2, 1), (0.99, -1), (10.0, 2), (1e-300, -600), (math.inf, 616)]
)
def test_a_bin_is_half_a_decade(size, want):
    """Errors of [10^(b/2), 10^((b+1)/2)) share bin b."""
    assert bin_of(size) == want <= LAST_BIN


def test_errors_are_counted_and_the_largest_kept():
    """Two sizes and an exact zero: two bins, one exact case, the larger as the maximum."""
    exact = replace(ROW, max_abs=0.0, max_ulps=0.0, max_budgets=0.0)
    found = histogram_of(report(ROW), report(replace(ROW, max_budgets=7.0)), report(exact))

    assert found.budgets == ((bin_of(0.05), 1), (bin_of(7.0), 1))
    assert (found.cases, found.decided, found.exact, found.max_budgets) == (3, 3, 1, 7.0)


@pytest.mark.parametrize(
    ("verdicts", "want"),
    [
        (("pass", "fail"), "fail"),
        (("inconclusive", "pass"), "pass"),
        (("unsupported", "inconclusive"), "inconclusive"),
    ],
)
def test_the_verdict_does_not_depend_on_the_order(verdicts, want):
    """A failure wins, then a pass, whichever came first."""
    reports = [report(replace(ROW, verdict=Verdict(v))) for v in verdicts]

    assert histogram_of(*reports).verdict == histogram_of(*reversed(reports)).verdict == want


def test_an_oracle_that_declined_has_measured_nothing():
    """Its cases are counted, its maximum is NaN and its histograms are empty."""
    found = histogram_of(report(not_judged("W", "torch", Reason.DECLINED, "not for relu")))

    assert (found.cases, found.budgets, found.by_length) == (1, (), ())
    assert math.isnan(found.max_budgets)


def test_dtypes_are_counted_apart():
    """A float32 error in budgets and ulps is not one of float64."""
    single = Spec.parse("lstm T=3 B=1 D=1 H=1 O=2 dtype=float32 seed=0").build()
    histograms = ErrorHistograms()
    histograms.add("lstm", report(ROW))
    histograms.add("lstm", report(ROW, single))

    assert [s.dtype for s in histograms.records()] == ["float64", "float32"]


def test_the_worst_error_is_known_per_length_of_the_way_back():
    """Truncation shortens the way back; full BPTT goes back over all steps."""
    cut = Spec.parse("lstm T=3 B=1 D=1 H=1 O=2 k1=1 k2=2 seed=0").build()
    reports = [report(ROW), report(replace(ROW, max_budgets=0.5)), report(ROW, cut)]

    assert (steps_back(CASE), steps_back(cut)) == (3, 2)
    assert histogram_of(*reports).by_length == (ErrorByLength(2, 1, 0.05), ErrorByLength(3, 2, 0.5))
