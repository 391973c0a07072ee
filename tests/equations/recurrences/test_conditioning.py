"""How rounding grows in a recurrence, and what a wider dtype inside makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.decayed_sum import INPUTS, decayed_sum, kernel_with

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.recurrences.truth import evaluation_of
from bptt_check.errors import UnknownName
from bptt_check.recurrences.code import reference_code

LINE = "decayed_sum T=9 K=5 dtype=bfloat16 seed=3"


def case_of(inside: str = "", line: str = LINE) -> RecurrenceCase:
    """A case of the decayed sum."""
    recurrence = Recurrence("decayed_sum", INPUTS, reference_code(decayed_sum), inside)
    return recurrence.spec_of(line).build()


def test_results_are_rounded_once_to_the_dtype() -> None:
    case = case_of("float32")
    found, unit = conditioning(case, "bfloat16"), PRECISIONS["bfloat16"].unit
    truth = evaluation_of(case)
    for name, size in {**truth.grads, **truth.outputs}.items():
        np.testing.assert_array_equal(found.rounded_result(name), unit * np.abs(size))
        assert np.all(found.error(name) <= 2.0**-10 * unit * np.abs(size).max())


@pytest.mark.parametrize("inside", ["", "bfloat16", "float16"])
def test_a_dtype_that_is_no_wider_says_nothing(inside: str) -> None:
    line = LINE if inside != "float16" else LINE.replace("bfloat16", "float32")
    found = conditioning(case_of(inside, line), case_of(inside, line).dtype)
    assert not found.results


def test_throughout_is_what_every_operation_leaves() -> None:
    once, throughout = (
        conditioning(case_of("float32"), "bfloat16", throughout=t) for t in (False, True)
    )
    assert not throughout.results
    assert all(np.all(once.grads[n] <= throughout.grads[n]) for n in once.grads)


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"inside.*float31"):
        case_of("float31")


def off_by(share: float) -> bc.Vjp:
    """A kernel whose results are rounded once, of whose gradient of x some share is too much."""

    def change(grads: dict[str, Any]) -> dict[str, Any]:
        x_bar = grads["x"].copy()
        x_bar[0] *= 1.0 + share
        rounded = PRECISIONS["bfloat16"].rounded
        return {"x": rounded(x_bar), "decay": rounded(grads["decay"])}

    def forward(x: Any, decay: Any) -> Any:
        return decayed_sum(x, decay)

    return kernel_with(change, forward)


@pytest.mark.parametrize(("inside", "verdict"), [("", "pass"), ("float32", "fail")])
def test_two_per_cent_of_one_step_show_in_bfloat16(inside: str, verdict: str) -> None:
    report = bc.verify_against(
        off_by(0.02), decayed_sum, INPUTS, 6, ("bfloat16",), inside=inside, case=None
    )
    assert report.verdict == verdict, report.message
    if inside:
        assert "inside='float32'" in report.message


def test_what_is_right_passes() -> None:
    report = bc.verify_against(
        off_by(0.0), decayed_sum, INPUTS, 12, ("bfloat16",), inside="float32"
    )
    assert report.passed, report.message


def large_beside(x: Any, decay: Any) -> Any:
    """All states, and those times a number whose products float16 cannot hold."""
    states = decayed_sum(x, decay)
    return states, states * 2.0**20


def kernel_beside(wrong: float = 0.0) -> bc.Vjp:
    """The same, of which the first output may be wrong."""
    right = kernel_with()

    def forward(x: Any, decay: Any) -> Any:
        states, residuals = right.forward(x, decay)
        with np.errstate(over="ignore"):
            second = (states * 2.0**20).astype(np.float16).astype(states.dtype)
        return (states + states.dtype.type(wrong), second), residuals

    def backward(residuals: Any, cotangents: Any) -> dict[str, Any]:
        grads = right.backward(residuals, cotangents[0] + cotangents[1] * 2.0**20)
        return {name: grad.astype(np.float32) for name, grad in grads.items()}

    return bc.Vjp(forward, backward)


@pytest.mark.parametrize(("wrong", "verdict"), [(0.0, "pass"), (1.0, "fail")])
def test_what_a_dtype_cannot_hold_is_left_to_it(wrong: float, verdict: str) -> None:
    """Infinity is as right there as anything; what it can hold is judged."""
    line = "large_beside T=9 K=5 dtype=float16 cotangents=one_output seed=4"
    report = bc.verify_against(
        kernel_beside(wrong), large_beside, INPUTS, case=line, oracles=["reference"]
    )

    assert report.verdict == verdict, report.message
