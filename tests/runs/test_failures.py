"""What a wrong loss is the loss of, which is asked of a failing case only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.checks import changed, check
from support.drawn import SMALL
from support.right import right

import bptt_check as bc
from bptt_check.cases.case import Case
from bptt_check.cases.result import Result
from bptt_check.diagnosis import FailureSample
from bptt_check.runs.diagnosed import what_is_wrong


def test_a_wrong_loss_with_its_own_gradient_is_told_to_be_right_for_its_forward():
    """Question 1 is answered apart from question 2."""
    half = changed(lambda v, g: (v / 2, {n: a / 2 for n, a in g.items()}))
    report = check(half, "rnn-tanh T=3 B=1 D=2 H=2 O=2", detail=True)

    assert report.verdict == "fail"
    assert report.parameter == "loss"
    assert (
        "your backward is right for your forward, but your forward is another model (or loss)"
        in report.message
    )
    assert "  error     " in report.message
    assert "your forward first differs at step 0" in report.message


def test_a_wrong_loss_with_right_gradients_is_only_another_loss():
    """Then the gradients are those of the model."""
    report = check(changed(lambda v, g: (v / 2, g)), "rnn-tanh T=3 B=1 D=2 H=2 O=2", detail=True)

    assert "your gradients are those of the model, only the loss is another one" in report.message


def with_other_forward(case: Case) -> Any:
    """The right loss and gradient of another case: x is doubled from step 3 on."""
    x = case.x.copy()
    x[3:] *= 2.0
    loss, grads = right(case.with_inputs({"x": x}))
    grads["x"][3:] *= 2.0
    return loss, grads


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm+last", "gru+mean+mse", "rnn-tanh+linear"])
def test_the_first_step_of_another_forward_is_found(name):
    """A forward that differs from step 3 on is found at step 3, from losses alone."""
    report = check(with_other_forward, f"{name} T=6 B=1 D=1 H=2 O=2", detail=True)

    assert report.verdict == "fail"
    assert "  your forward first differs at step 3\n" in report.message
    assert "your backward is right for your forward" in report.message


def hidden(case: Case) -> np.ndarray:
    """Top states of a one-layer tanh rnn, (T, B, H)."""
    h, states = case.h0[0], []
    p = case.params
    for x_t in case.x:
        h = np.tanh(x_t @ p["W_xh_l0"].T + h @ p["W_hh_l0"].T + p["b_h_l0"])
        states.append(h)
    return np.stack(states)


def test_offered_outputs_name_the_layer():
    """With `outputs` the first step and the first array are told."""

    def subject(case: Case) -> Result:
        x = case.x.copy()
        x[2:] *= 2.0
        other = case.with_inputs({"x": x})
        return Result(*right(other), outputs={"h_l0": hidden(other)})

    report = check(subject, "rnn-tanh T=4 B=1 D=1 H=2 O=2", detail=True)

    assert "your forward first differs at step 2, in h_l0" in report.message


def test_right_outputs_beside_a_wrong_loss_blame_the_loss_itself():
    """Where every offered output is right, the loss itself is another one."""

    def subject(case: Case) -> Result:
        loss, grads = right(case)
        return Result(loss / 2, grads, outputs={"h_l0": hidden(case)})

    report = check(subject, "rnn-tanh T=4 B=1 D=1 H=2 O=2", detail=True)

    assert "every output that you offer is right: the loss itself is another one" in report.message


@pytest.mark.parametrize("name", ["rnn-tanh", "gru", "lstm+mse"])
def test_diagnosis_knows_the_smallest_case(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says of when must be true of the case that is shown beside it."""
    samples: list[FailureSample] = []

    def diagnose(subject: Any, sample: FailureSample, timeout: float | None) -> tuple[()]:
        samples.append(sample)
        return ()

    monkeypatch.setitem(what_is_wrong.SEARCHES, "fail", diagnose)
    wrong = changed(lambda v, g: (v, {n: np.sin(3.0 * a) for n, a in g.items()}))

    report = bc.verify(wrong, [name], cases=3, oracles=["complex_step"], within=SMALL)

    (failure,) = report.failures
    assert bc.Spec.parse(failure.spec) in samples[0].failing
    assert failure.cases < len(samples[0].failing)
