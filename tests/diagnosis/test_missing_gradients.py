"""Parameters whose gradient the code never gives are named, with how to declare that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.drawn import SMALL

import bptt_check as bc
from bptt_check.diagnosis.call_facts import NeverGiven
from bptt_check.diagnosis.call_wording import never_given_in_words
from bptt_check.diagnosis.missing_gradients import never_given
from bptt_check.diagnosis.trials import Trials

Subject = Callable[[bc.Case], Any]
SMALL_RUN: dict[str, Any] = {"oracles": ["complex_step"], "cases": 4, "within": SMALL}


def dropping(*names: str, declared: tuple[str, ...] | None = None, factor: float = 1.0) -> Subject:
    """The reference without some gradients, which may be declared; the others times a factor."""

    def subject(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        given = {n: factor * g for n, g in grads.items() if n not in names}
        return bc.Result(loss, given, without=declared) if declared else (loss, given)

    return subject


def missing(subject: Subject, model: str = "rnn-tanh") -> NeverGiven | None:
    """What is said of two cases of a model."""
    specs = [bc.Spec.parse(f"{model} T={T} B=2 D=2 H=3 O=2") for T in (3, 4)]
    return never_given(Trials(subject).of(specs))


@pytest.mark.parametrize("names", [("W_hh_l0",), ("b_y",), ("W_xh_l0", "b_h_l0")])
def test_gradients_that_no_call_gives_are_named(names: tuple[str, ...]) -> None:
    """With the line that declares it, which then makes the code pass."""
    fact = missing(dropping(*names))

    assert fact is not None
    assert fact == NeverGiven(names)
    assert f"bc.Result(loss, grads, without={names!r})" in never_given_in_words(fact)
    undeclared = bc.verify(dropping(*names), ["rnn-tanh"], **SMALL_RUN)
    assert undeclared.verdict == "contract"
    assert never_given_in_words(fact) in undeclared.failures[0].diagnoses
    assert bc.verify(dropping(*names, declared=names), ["rnn-tanh"], **SMALL_RUN).passed


def test_gradient_that_is_given_sometimes_is_not_never_given() -> None:
    """Only where no call has it; and an input may be left out."""

    def sometimes(case: bc.Case) -> Any:
        return dropping(*(["b_y"] if case.sizes.T == 3 else []))(case)

    assert missing(sometimes) is None
    assert missing(loss_and_grads) is None
    assert missing(dropping("x", "h0")) is None


@pytest.mark.parametrize("entry", [np.inf, -np.inf, np.nan])
def test_gradient_that_is_no_number_is_given(entry: float) -> None:
    """Nobody is told to leave it out of the check."""

    def subject(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        return loss, grads | {"b_y": grads["b_y"] + entry}

    report = bc.verify(subject, ["rnn-tanh"], **SMALL_RUN)

    assert missing(subject) is None
    assert report.verdict == "contract"
    assert "no call gives" not in report.message


def test_declaration_hides_nothing_else() -> None:
    """Other gradients are judged, others that are missing are missed, and so is a wrong one that is
    given though it is declared away.
    """
    wrong = bc.verify(dropping("b_y", declared=("b_y",), factor=1.5), ["rnn-tanh"], **SMALL_RUN)
    more = bc.verify(dropping("b_y", "W_hy", declared=("b_y",)), ["rnn-tanh"], **SMALL_RUN)
    given = bc.verify(dropping(declared=("b_y",), factor=1.5), ["rnn-tanh"], **SMALL_RUN)

    assert wrong.verdict == "fail"
    assert "the gradient of W_hy is missing" in more.failures[0].message
    assert "b_y" in given.failures[0].message.splitlines()[0]
