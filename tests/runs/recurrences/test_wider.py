"""Rounding is told from formula by the way errors shrink in a wider dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.decayed_sum import decayed_sum, kernel_with

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.recurrence import Recurrence
from bptt_check.oracles.recurrences.reverse_mode import ReferenceOracle
from bptt_check.recurrences.code import reference_code
from bptt_check.runs.recurrences.wider import told_by_size
from bptt_check.subjects.calling import call_once
from bptt_check.subjects.kernels.kernel import kernel_subject
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.judge import judge

INPUTS = bc.Inputs(x="T K", decay=bc.between(0, 1, "K"), sizes={"T": (4, 12), "K": (4, 9)})
"""Of several entries: one alone may by chance be a number of half precision, too."""
FAR_SMALLER = "on the very same numbers in float64 the errors are far smaller"


def cancelling(grads: dict[str, Any]) -> dict[str, Any]:
    """x's as the difference of two large numbers of its dtype; on no grid of half precision."""
    large, pi = (grads["x"].dtype.type(n) for n in (3e4, np.pi))
    return {**grads, "x": ((pi * grads["x"] + large) - large) / pi}


def factor(grads: dict[str, Any]) -> dict[str, Any]:
    """x's as one that is off by a few per mille."""
    return {**grads, "x": (grads["x"] * grads["x"].dtype.type(1.003))}


def report_of(kernel: Any, dtype: str = "float32") -> Any:
    """Of a few cases, against the reference alone: it is the kernel that is asked."""
    return bc.verify_against(
        kernel, decayed_sum, INPUTS, cases=6, dtypes=(dtype,), oracles=("reference",)
    )


def test_errors_that_shrink_are_imprecise() -> None:
    report = report_of(kernel_with(cancelling))
    assert report.verdict == "imprecise"
    assert FAR_SMALLER in " ".join(report.message.split())


def test_errors_that_stay_are_wrong() -> None:
    report = report_of(kernel_with(factor))
    assert report.verdict == "fail"
    assert FAR_SMALLER not in " ".join(report.message.split())


def test_both_together_are_wrong() -> None:
    assert report_of(kernel_with(lambda g: factor(cancelling(g)))).verdict == "fail"


def test_there_is_nothing_wider_than_float64() -> None:
    assert FAR_SMALLER not in report_of(kernel_with(cancelling), "float64").message


@pytest.mark.parametrize("how", ["raises", "nan"])
def test_of_a_kernel_that_takes_no_float64_nothing_is_told(how: str) -> None:
    def single(grads: dict[str, Any]) -> dict[str, Any]:
        if grads["x"].dtype == np.float64:
            if how == "raises":
                raise TypeError("expected float32")
            return {n: np.full_like(g, np.nan) for n, g in grads.items()}
        return cancelling(grads)

    assert report_of(kernel_with(single)).verdict == "fail"


def in_float32(change: Callable[[dict[str, Any]], dict[str, Any]]) -> bc.Vjp:
    """A kernel that computes its gradients in float32 whatever it is given."""

    def changed(grads: dict[str, Any]) -> dict[str, Any]:
        dtype = grads["x"].dtype
        narrow = change({n: g.astype(np.float32) for n, g in grads.items()})
        return {n: g.astype(dtype) for n, g in narrow.items()}

    return kernel_with(changed)


def off_by(units: float) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An entry that is far smaller than the largest one, off by units of that."""

    def change(grads: dict[str, Any]) -> dict[str, Any]:
        x_bar = grads["x"].copy()
        at = np.unravel_index(int(np.abs(x_bar).argmin()), x_bar.shape)
        x_bar[at] += np.float32(units * 2.0**-24) * np.abs(x_bar).max()
        return {**grads, "x": x_bar}

    return change


SMALL = bc.Inputs(x="T K", decay=bc.between(0, 0.01, "K"), sizes={"T": (4, 6), "K": 4}, time="T")
"""Gradients whose entries differ by many orders of magnitude, with the cotangent of one step."""


@pytest.mark.parametrize(("units", "verdict"), [(20.0, "imprecise"), (1000.0, "fail")])
def test_of_float32_inside_errors_below_the_rounding_of_the_largest_entry_are_imprecise(
    units: float, verdict: str
) -> None:
    line = "decayed_sum T=6 K=4 dtype=float32 cotangents=last_step seed=0"
    report = bc.verify_against(
        in_float32(off_by(units)), decayed_sum, SMALL, case=line, oracles=("reference",)
    )
    assert report.verdict == verdict, report.message


def judged_alone(units: float, dtype: str) -> bc.CaseReport:
    """What is said of one answer whose gradient of x is off by so many units of its largest entry,
    at one entry that is small.
    """
    recurrence = Recurrence("decayed_sum", INPUTS, reference_code(decayed_sum))
    case = recurrence.spec_of(f"decayed_sum T=12 K=9 dtype={dtype} cotangents=last_step seed=0")
    case = case.build()

    def off(grads: dict[str, Any]) -> dict[str, Any]:
        x_bar = grads["x"].copy()
        smallest = np.unravel_index(int(np.argmin(np.abs(x_bar))), x_bar.shape)
        x_bar[smallest] += units * PRECISIONS[dtype].unit * np.abs(x_bar).max()
        return {**grads, "x": x_bar}

    answer = call_once(kernel_subject(kernel_with(off)), case)
    truth = {"reference": ReferenceOracle()(case)}
    return judge(case, answer, truth, Tolerance(), "kernel")


@pytest.mark.parametrize(
    ("units", "dtype", "verdict"),
    [
        (24.0, "float32", "imprecise"),
        (64.0, "float32", "fail"),
        (24.0, "bfloat16", "fail"),
        (24.0, "float64", "fail"),
    ],
)
def test_a_further_call_is_told_by_the_size_of_its_errors(units, dtype, verdict) -> None:
    """Below the rounding of the largest entry in float32 they are lost digits."""
    report = judged_alone(units, dtype)

    assert report.verdict == "fail"
    assert told_by_size(report).verdict == verdict


def test_what_is_right_stays_so() -> None:
    report = judged_alone(0.0, "float32")

    assert told_by_size(report) is report
    assert report.passed
