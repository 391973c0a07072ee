"""A clipped gradient is named with its limit, and where it is clipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from bptt_reference.update import clip_by_global_norm, clip_by_value
from support.diagnosed import sentence_of
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.diagnosis.formulas.clipping import clipped_after_loop, clipped_in_loop

Answer = tuple[float, dict[str, Any]]
SPECS = [
    bc.Spec(bc.Model("lstm", loss="mse"), bc.Sizes(T, B, 3, 4, 3), seed=T)
    for T, B in ((5, 2), (7, 3), (6, 4))
]


def cases(model: str, **options: Any) -> list[bc.Case]:
    """Three cases of a model."""
    sizes = [bc.Sizes(T, B, 3, 3, 3) for T, B in ((4, 2), (5, 1), (3, 3))]
    chosen = bc.Model.parse(model)
    return [bc.Spec(chosen, s, seed=n, **options).build() for n, s in enumerate(sizes)]


def clipped(how: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Answer]:
    """The reference with its parameters' gradients clipped."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = loss_and_grads(case)
        return loss, grads | how({n: grads[n] for n in case.params})

    return subject


AFTER_THE_LOOP = {
    "norm": (clipped(lambda g: clip_by_global_norm(g, 0.5)), "clipped to norm 0.5 over the param"),
    "value": (
        lambda case: (lambda loss, g: (loss, clip_by_value(g, 0.01)))(*loss_and_grads(case)),
        "clipped to values within 0.01",
    ),
}


@pytest.mark.parametrize("name", AFTER_THE_LOOP)
def test_clipping_after_the_loop_is_named(name: str) -> None:
    """The sentence says what is clipped to which limit."""
    subject, sentence = AFTER_THE_LOOP[name]

    assert sentence in sentence_of(clipped_after_loop, subject, [spec.build() for spec in SPECS])


def test_each_gradient_clipped_alone_gets_no_name() -> None:
    """What has no norm of the whole in common is not clipped to one."""
    subject = clipped(lambda g: {n: a / np.linalg.norm(a) for n, a in g.items()})

    assert sentence_of(clipped_after_loop, subject, [spec.build() for spec in SPECS]) == ""


def test_one_case_proves_no_limit() -> None:
    """Whatever the norm of a single gradient is, it would be the limit."""
    subject = clipped(lambda g: clip_by_global_norm(g, 0.5))

    assert sentence_of(clipped_after_loop, subject, [SPECS[0].build()]) == ""


def test_right_gradient_is_not_clipped() -> None:
    """Where nothing is wrong there is nothing to name."""
    assert sentence_of(clipped_in_loop, loss_and_grads, cases("gru")) == ""
    assert sentence_of(clipped_after_loop, loss_and_grads, cases("gru")) == ""


@pytest.mark.parametrize("model", ["rnn-tanh", "lstm", "gru+2layers+mse"])
def test_clipping_in_the_loop_is_named(model: str) -> None:
    """With its limit, on cases that it changes."""
    given = cases(model, regime="exploding")

    sentence = sentence_of(clipped_in_loop, Numpy(frozenset({"clip_dh"})), given)

    assert "dh is clipped to [-0.1, 0.1] inside the loop" in sentence


@pytest.mark.parametrize("fault", ["carry_dh", "h_t", "assign_W_hy", "no_slope"])
def test_mistake_is_no_clipping(fault: str) -> None:
    """Neither one before the loop nor one in it is taken for clipping."""
    assert sentence_of(clipped_in_loop, Numpy(frozenset({fault})), cases("rnn-tanh")) == ""


def test_clipping_only_what_is_carried_is_told_apart() -> None:
    """What comes from step t+1 alone is clipped, the loss of step t is not."""
    given = cases("rnn-tanh+mse", regime="exploding")

    sentence = sentence_of(clipped_in_loop, carried_clipped, given)

    assert "[-0.5, 0.5]" in sentence
    assert "what comes from the loss of the step excepted" in sentence


def carried_clipped(case: bc.Case) -> Any:
    """A tanh network with squared error whose dh_prev is clipped at every step."""
    p, h = case.params, [case.h0[0]]
    for x_t in case.x:
        h.append(np.tanh(x_t @ p["W_xh_l0"].T + h[-1] @ p["W_hh_l0"].T + p["b_h_l0"]))
    grads = {n: np.zeros_like(a) for n, a in p.items()}
    error = np.stack(h[1:]) @ p["W_hy"].T + p["b_y"] - case.targets
    carried = np.zeros_like(h[0])
    for t in reversed(range(len(case.x))):
        da = (2 * error[t] @ p["W_hy"] + carried) * (1 - h[t + 1] ** 2)
        grads["W_hy"] += 2 * error[t].T @ h[t + 1]
        grads["b_y"] += 2 * error[t].sum(axis=0)
        grads["W_xh_l0"] += da.T @ case.x[t]
        grads["W_hh_l0"] += da.T @ h[t]
        grads["b_h_l0"] += da.sum(axis=0)
        carried = np.clip(da @ p["W_hh_l0"], -0.5, 0.5)
    return np.sum(error**2), grads
