"""The door to the tape, and the exact gradient and loss behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.cases.case import Spec
from bptt_check.equations.exact import exact_gradients, exact_loss, record, sweep
from bptt_check.equations.network import problem_of

TEXT = "lstm+2layers T=4 B=2 D=3 H=3 O=2 lengths"


def test_what_nothing_flows_into_has_zeros_of_its_shape():
    """No caller has to ask whether a cotangent is there."""
    problem = problem_of(Spec.parse(TEXT).build())
    inputs = {**problem.inputs, "unused": np.ones((2, 5))}
    names = (*problem.differentiated, "unused")
    bars = sweep(replace(problem, inputs=inputs, differentiated=names)).bars

    assert list(bars) == list(names)
    assert bars["unused"].tolist() == np.zeros((1, 2, 5)).tolist()
    assert all(bars[name].any() for name in problem.differentiated)


def test_a_sweep_gives_the_gradients_of_the_differentiated_inputs_only():
    """The others are constants."""
    case = Spec.parse(TEXT).build()
    swept = sweep(replace(problem_of(case), differentiated=("x", "W_hy")))

    assert set(swept.bars) == {"x", "W_hy"}
    assert all(np.array_equal(bar[0], exact_gradients(case)[n]) for n, bar in swept.bars.items())


@pytest.mark.parametrize("text", [TEXT, "gru T=5 B=3 D=2 H=2 O=2 k1=2 k2=2"])
def test_the_exact_loss_is_that_of_the_tape(text):
    """It is the loss of the whole case, also of a truncated one."""
    case = Spec.parse(text).build()
    _, losses = record(problem_of(case))

    assert exact_loss(case) == pytest.approx(losses.value.sum(), rel=1e-15)


@pytest.mark.parametrize("truncation", [None, bc.Truncation(2, 3)])
def test_the_tape_has_the_exact_gradient(truncation: bc.Truncation | None) -> None:
    """The gradient that conventions are compared with is right, truncated or not."""
    case = bc.Spec(bc.Model("gru", layers=2), bc.Sizes(6, 2, 3, 4, 2), truncation).build()
    _, want = loss_and_grads(case)

    got = exact_gradients(case)

    assert all(np.allclose(got[n], want[n], rtol=1e-11, atol=1e-14) for n in want)
