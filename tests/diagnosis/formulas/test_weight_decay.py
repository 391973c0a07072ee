"""Weight decay in the gradient is named with rate and parameters, and whether the loss has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.diagnosed import sentence_of, trials_of
from support.implementations import with_fault

import bptt_check as bc
from bptt_check.diagnosis.facts import WeightDecay
from bptt_check.diagnosis.formulas.weight_decay import which_decay

Subject = Callable[[bc.Case], Any]


def cases(model: str, dtype: str = "float64") -> list[bc.Case]:
    """Two cases of a model."""
    texts = (f"{model} T={T} B=2 D=2 H=3 O=2 seed={T} dtype={dtype}" for T in (3, 5))
    return [bc.Spec.parse(text).build() for text in texts]


def decayed(
    rate: float, start: str = "", in_loss: float = 0.0, times: float = 1.0, power: int = 1
) -> Subject:
    """The reference with decay of the parameters whose names start so."""

    def subject(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        params = {n: a for n, a in case.params.items() if n.startswith(start)}
        squares = sum(float(np.square(a, dtype=np.float64).sum()) for a in params.values())
        more = {n: grads[n] + a.dtype.type(rate) * a**power for n, a in params.items()}
        return times * loss + in_loss * squares, grads | more

    return subject


@pytest.mark.parametrize(
    ("model", "dtype", "rate", "start", "named"),
    [
        ("rnn-tanh", "float64", 1e-4, "W_", ("W_xh_l0", "W_hh_l0", "W_hy")),
        ("lstm+mse", "float64", 0.0125, "b_", ("b_h_l0", "b_y")),
        ("gru+linear", "float32", 0.01, "W_hh", ("W_hh_l0",)),
        ("rnn-tanh", "float64", -0.1234, "W_hy", ("W_hy",)),
    ],
)
def test_decay_is_named(
    model: str, dtype: str, rate: float, start: str, named: tuple[str, ...]
) -> None:
    """With the rate as it was typed, and the parameters that have it."""
    fact = which_decay(trials_of(decayed(rate, start), cases(model, dtype)))

    assert fact == WeightDecay(rate, named, in_loss=False)


def test_loss_with_the_squares_is_told_apart() -> None:
    """Then everything is consistent, and another loss."""
    told = sentence_of(which_decay, decayed(0.01, "W_hh", in_loss=0.005), cases("rnn-tanh"))
    alone = sentence_of(which_decay, decayed(0.01, "W_hh"), cases("rnn-tanh"))

    added = "0.01 times the parameter itself is added to the gradient of W_hh_l0 (weight decay)"
    assert alone == f"{added}, of which the loss knows nothing: add it in the update, not here"
    assert told.startswith(f"{added}, and 0.005 times the sum of squares to the loss")


@pytest.mark.parametrize(
    "subject",
    [
        loss_and_grads,
        decayed(0.01, "W_hh", in_loss=0.01),
        decayed(0.01, "W_hh", times=2.0),
        decayed(0.01, "W_hh", power=3),
        with_fault("h_t"),
        with_fault("bias_twice"),
    ],
    ids=["right", "other squares", "another loss", "cubes", "a mistake", "another one"],
)
def test_what_decay_does_not_explain_is_not_named(subject: Subject) -> None:
    """All wrong gradients and the loss are explained, or nothing is said."""
    assert sentence_of(which_decay, subject, cases("rnn-tanh")) == ""


def test_gradients_of_inputs_have_no_decay() -> None:
    """What is added to a gradient that is no parameter's is something else."""

    def subject(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        return loss, grads | {"h0": grads["h0"] + 0.01 * case.h0}

    assert sentence_of(which_decay, subject, cases("rnn-tanh")) == ""


def test_rate_must_be_the_same_on_every_case() -> None:
    """A number that changes with the case is no rate."""

    def subject(case: bc.Case) -> Any:
        return decayed(0.01 * case.sizes.T, "W_hh")(case)

    assert sentence_of(which_decay, subject, cases("rnn-tanh")) == ""
