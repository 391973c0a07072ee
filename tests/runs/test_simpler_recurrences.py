"""A counterexample of a recurrence is made simpler within what its inputs may be."""

from __future__ import annotations

import numpy as np
import pytest

import bptt_check as bc

torch = pytest.importorskip("torch")

INPUTS = bc.Inputs(x="T", rate=bc.between(0.25, 1, "T"), sizes={"T": (3, 5)}, time="T")


def twice_the_gradient(x: torch.Tensor, rate):
    return (2.0 * x - x.detach()) / rate


def divided_by_torch(x: torch.Tensor, rate):
    return x / rate


def not_of_zeros(x: torch.Tensor, rate):
    if not bool(x.any()):
        raise ValueError("all of x is zero")
    return x / rate


def counterexample(reference, inputs=INPUTS):
    report = bc.verify_against(twice_the_gradient, reference, inputs, cases=3)
    assert report.verdict == "fail"
    return report.failures[0].case


def test_numbers_become_zeros_only_where_the_input_may_have_them():
    case = counterexample(divided_by_torch)

    assert not np.any(case.inputs["x"])
    assert np.all(case.inputs["rate"] >= 0.25)


def test_where_holds_of_what_is_simplified():
    inputs = bc.Inputs(
        x="T",
        rate=bc.between(0.25, 1, "T"),
        sizes={"T": (3, 5)},
        time="T",
        where=lambda x, T: np.any(x != 0) and T > 2,
    )

    assert np.any(counterexample(divided_by_torch, inputs).inputs["x"])


def test_plain_code_may_stumble_over_simpler_numbers():
    """It is no error of the run: such a case shows nothing."""
    assert np.any(counterexample(not_of_zeros).inputs["x"])
