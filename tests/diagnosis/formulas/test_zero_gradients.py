"""Gradients that are zero are told to be that, and which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bptt_reference import loss_and_grads
from support.diagnosed import sentence_of

import bptt_check as bc
from bptt_check.diagnosis.formulas.zero_gradients import all_zero, some_zero

Subject = Callable[[bc.Case], Any]


def cases(model: str) -> list[bc.Case]:
    """Two cases of a model."""
    texts = (f"{model} T={T} B=2 D=2 H=3 O=2 seed={T}" for T in (3, 5))
    return [bc.Spec.parse(text).build() for text in texts]


def zero(*names: str, loss: float = 1.0, others: float = 1.0) -> Subject:
    """The reference with some gradients zero, or all where none is named."""

    def subject(case: bc.Case) -> Any:
        value, grads = loss_and_grads(case)
        return loss * value, {
            n: g * (0.0 if n in names or not names else others) for n, g in grads.items()
        }

    return subject


@pytest.mark.parametrize("model", ["rnn-tanh", "lstm+linear", "gru+2layers+mse"])
def test_gradients_that_are_all_zero_are_asked_about(model: str) -> None:
    """They may be computed, and not kept."""
    sentence = sentence_of(all_zero, zero(), cases(model))

    assert sentence.startswith("every gradient is zero: are they kept? (a `.grad` that is reset")
    assert sentence_of(some_zero, zero(), cases(model)) == ""


SOME = {
    ("W_hy", "b_y"): "the gradients of W_hy and b_y are zero, and all others are right",
    ("h0",): "the gradient of h0 is zero, and all others are right: are they ever written?",
    ("W_xh_l0", "W_hh_l0", "b_h_l0"): "the gradients of W_xh_l0, W_hh_l0 and b_h_l0 are zero",
}


@pytest.mark.parametrize("names", SOME)
def test_some_gradients_that_are_zero_are_named(names: tuple[str, ...]) -> None:
    """Where everything else is right."""
    assert SOME[names] in sentence_of(some_zero, zero(*names), cases("rnn-tanh"))
    assert sentence_of(all_zero, zero(*names), cases("rnn-tanh")) == ""


@pytest.mark.parametrize(
    "subject",
    [loss_and_grads, zero("h0", loss=2.0), zero("h0", others=1.001)],
    ids=["right", "the loss is wrong", "others are wrong"],
)
def test_what_zeros_do_not_explain_is_not_told(subject: Subject) -> None:
    """Neither of right code, nor where something else is wrong."""
    assert sentence_of(some_zero, subject, cases("rnn-tanh")) == ""
    assert sentence_of(all_zero, subject, cases("rnn-tanh")) == ""


def test_gradient_that_should_be_zero_is_none() -> None:
    """A right zero is no mistake: with one step and h0 zero that of W_hh is one."""
    case = bc.Spec.parse("rnn-tanh T=1 B=2 D=2 H=3 O=2 initial_state=zero").build()

    assert not loss_and_grads(case)[1]["W_hh_l0"].any()
    assert sentence_of(some_zero, loss_and_grads, [case]) == ""
    assert "W_hh" not in sentence_of(some_zero, zero("h0"), [case])
