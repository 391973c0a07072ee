"""Whether gradients are the derivative of the kernel's own outputs."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase, RecurrenceSpec
from bptt_check.cases.result import Result
from bptt_check.runs.recurrences.own_forward import is_own_derivative

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from support import decayed_sums as code

from bptt_check.recurrences.code import reference_code
from bptt_check.subjects.kernels.kernel import kernel_subject


def case_of(inputs: bc.Inputs = code.INPUTS, reference: Any = code.plain_sums) -> RecurrenceCase:
    """A case in float32."""
    recurrence = Recurrence("sums", inputs, reference_code(reference))
    return RecurrenceSpec(recurrence, (("T", 4), ("B", 2)), dtype="float32", seed=1).build()


@pytest.mark.parametrize("kernel", [code.sums, code.sums_off, code.plain_sums, code.VJP])
def test_they_are_of_a_kernel_that_differentiates_what_it_computes(kernel):
    """Whatever that is."""
    assert is_own_derivative(kernel_subject(kernel), case_of()) is True


@pytest.mark.parametrize("kernel", [code.sums_doubled, code.sums_that_forget, code.WRONG_VJP])
def test_they_are_not_of_one_whose_backward_is_wrong(kernel):
    assert is_own_derivative(kernel_subject(kernel), case_of()) is False


def test_a_small_error_is_seen():
    """A thousandth of one gradient."""

    def backward(kept: Any, bars: Any) -> Any:
        grads = code.backward(kept, bars)
        return {**grads, "S": 1.001 * grads["S"]}

    kernel = kernel_subject(bc.Vjp(code.forward, backward))
    assert is_own_derivative(kernel, case_of()) is False


@pytest.mark.parametrize("kernel", [code.sums_that_raise, code.sums_infinite])
def test_nothing_is_told_of_what_gives_no_numbers(kernel):
    """As of a kernel that takes float32 alone."""
    assert is_own_derivative(kernel_subject(kernel), case_of()) is None


def test_nothing_is_told_of_outputs_that_do_not_depend_on_inputs():
    """Every gradient is zero, and every difference."""

    def constant(case: RecurrenceCase) -> Result:
        return Result(1.0, {n: np.zeros_like(a) for n, a in case.inputs.items()})

    assert is_own_derivative(constant, case_of()) is None


def test_the_case_is_left_as_it_is():
    case = case_of()
    before = {n: a.copy() for n, a in case.given.items()}
    is_own_derivative(kernel_subject(code.sums), case)

    assert case.dtype == "float32"
    assert all(np.array_equal(before[n], a) for n, a in case.given.items())
