"""Edits whose gradients are the subject's: what matches must have been able not to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.implementations import Numpy, with_fault

import bptt_check as bc
from bptt_check.diagnosis.edit_search import best_combination, best_single_edit
from bptt_check.diagnosis.trials import Trial, Trials

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def offering(subject: Callable[[bc.Case], Any], names: str) -> Callable[[bc.Case], Any]:
    """A subject that gives some gradients only."""

    def fewer(case: bc.Case) -> Any:
        loss, grads = subject(case)
        return loss, {n: grads[n] for n in names.split()}

    return fewer


def sines(case: bc.Case) -> Any:
    """Wrong in every gradient, in a way that no edit explains."""
    loss, grads = Numpy()(case)
    return loss, {name: np.sin(3.0 * gradient) for name, gradient in grads.items()}


INFINITE = {
    "rnn-relu T=3 inputs=alike": ("W_xh_l0 b_h_l0", "no_slope"),
    "gru T=3 regime=saturated": ("W_hh_l0 b_xh_l0 b_hh_l0", "z_sign"),
    "lstm T=3 regime=saturated": ("c0", "dc_prev"),
    "lstm+linear T=3 regime=saturated": ("c0", "dc_prev"),
}
"""Case to gradients that some edit makes infinite, as it divides by a slope of zero, and a fault
that makes them wrong."""


def wrong_trials(subject: Callable[[bc.Case], Any], words: str) -> list[Trial]:
    """What a subject that is wrong answers on a case, of the gradients that are looked at."""
    names, _ = INFINITE[words]
    spec = bc.Spec.parse(f"{words} B=2 D=2 H=3 O=3 seed=1")
    trials = Trials(offering(subject, names)).of([spec])
    assert [bool(trial.wrong) for trial in trials] == [True]
    return trials


@pytest.mark.parametrize("words", INFINITE)
def test_edit_that_gives_infinity_explains_nothing(words: str) -> None:
    """An infinite gradient allows no infinite distance."""
    trials = wrong_trials(sines, words)

    assert best_single_edit(trials) is None
    assert best_combination(trials) is None


@pytest.mark.parametrize("words", INFINITE)
def test_edit_that_explains_such_a_case_is_found(words: str) -> None:
    """What is finite and matches is named on the very same cases."""
    assert best_single_edit(wrong_trials(with_fault(INFINITE[words][1]), words)) is not None


@pytest.mark.parametrize("model", ["rnn-tanh+mse", "lstm", "gru"])
def test_gradient_that_is_zero_shows_no_edit(model: str) -> None:
    """Many an edit makes it zero: beside gradients that nothing explains none of them is named."""

    def subject(case: bc.Case) -> Any:
        loss, grads = sines(case)
        return loss, grads | {"h0": 0 * case.h0}

    def halved(case: bc.Case) -> Any:
        loss, grads = sines(case)
        return loss, grads | {"h0": with_fault("carry_dh")(case)[1]["h0"]}

    specs = [bc.Spec.parse(f"{model} T={T} B=2 D=2 H=3 O=3 seed=1") for T in (3, 2)]

    assert best_combination(Trials(subject).of(specs)) is None
    assert best_combination(Trials(halved).of(specs)) is not None
