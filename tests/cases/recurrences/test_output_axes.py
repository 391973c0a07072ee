"""The axis of time of an output is the one that follows the number of steps, in every case."""

from __future__ import annotations

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.recurrences.output_axes import time_axes_of
from bptt_check.errors import SpecError
from bptt_check.recurrences.numpy_code import NumPyCode

INPUTS = bc.Inputs(x="T B", sizes={"T": (1, 6), "B": (1, 3)}, time="T")


def outputs(x):
    """All steps, the last, the states with the initial one, batch first, pairs of steps, a sum."""
    first = np.zeros((1, x.shape[1]))
    with_first = np.concatenate([first, np.cumsum(x, 0)])
    return x * 2.0, x[-1] * 2.0, with_first, x.T * 1.0, x @ x.T, x.sum(), np.concatenate([x, x])


def test_each_output_has_its_own():
    axes = time_axes_of(INPUTS, NumPyCode(outputs))

    assert axes is not None
    assert [*axes.values()] == [0, None, 0, 1, 0, None, None]


def test_without_time_there_is_none():
    inputs = bc.Inputs(x="T B", sizes={"T": (1, 6), "B": (1, 3)})

    assert time_axes_of(inputs, NumPyCode(outputs)) == {}


def fails_at_the_smallest(x):
    if len(x) < 2:
        raise SpecError("two steps at least")
    return x


@pytest.mark.parametrize(
    ("inputs", "reference"),
    [
        (bc.Inputs(x="T B", sizes={"T": 4, "B": (1, 3)}, time="T"), outputs),
        (INPUTS, fails_at_the_smallest),
    ],
)
def test_it_is_unknown_where_two_cases_cannot_be_compared(inputs, reference):
    """Then the axis is told from each case."""
    assert time_axes_of(inputs, NumPyCode(reference)) is None


def test_a_last_state_is_no_time_whatever_its_length():
    """Also where there are as many sequences as steps."""

    def reference(x):
        return np.cumsum(x, 0), x.sum(0)

    def kernel(x):
        return (np.cumsum(x, 0), x.sum(0) * 1.5), x

    def backward(x, cotangents):
        bars, last = cotangents
        return {"x": np.cumsum(bars[::-1], 0)[::-1] + 1.5 * last}

    inputs = bc.Inputs(x="T B", sizes={"T": (2, 3), "B": 2}, time="T")
    report = bc.verify_against(bc.Vjp(kernel, backward), reference, inputs, 4, ("float64",))

    assert report.verdict == "fail"
    assert "output[1] is not" in report.message
    assert "step" not in report.message
    assert "proven    the true value is " in report.message

    def wrong_from_the_second_step(x):
        return (np.cumsum(x, 0) + np.arange(len(x))[:, None], x.sum(0)), x

    wrong = bc.Vjp(wrong_from_the_second_step, backward)
    told = bc.verify_against(wrong, reference, inputs, 4, ("float64",)).message
    assert "output[0]" in told
    assert "step 1" in told
