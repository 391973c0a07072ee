"""Where an error starts that no known mistake gives: in a cotangent, in a sum, in the head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.implementations import Numpy, with_fault

import bptt_check as bc
from bptt_check.diagnosis.facts import FirstError, WrongCotangent, WrongSum
from bptt_check.diagnosis.first_error import STEPS, first_error
from bptt_check.diagnosis.trials import Trials
from bptt_check.diagnosis.wording import words_of

Subject = Callable[[bc.Case], Any]
LAST = STEPS - 1


def error_of(subject: Subject, model: str, lengths: tuple[int, ...] = (5, 3)) -> FirstError:
    """Where the error of a subject starts."""
    trials = Trials(subject)
    specs = [bc.Spec.parse(f"{model} T={T} B=2 D=2 H=3 O=2 seed={T}") for T in lengths]
    return first_error(trials, [trial for trial in trials.of(specs) if trial.wrong])


def without(subject: Subject, *names: str) -> Subject:
    """A subject that does not offer some gradients."""

    def fewer(case: bc.Case) -> Any:
        loss, grads = subject(case)
        return loss, {n: g for n, g in grads.items() if n not in names}

    return fewer


ASSIGNED = with_fault("assign_cell")
INPUTS = ("x", "h0", "c0")
SUMS: dict[str, tuple[Subject, str, str, tuple[int, ...]]] = {
    "assigned, x is a witness": (ASSIGNED, "rnn-tanh", "x", (0,)),
    "assigned, no witness": (without(ASSIGNED, *INPUTS), "lstm", "", (0,)),
    "assigned in a GRU": (ASSIGNED, "gru", "x", (0,)),
    "input of another step": (with_fault("x_shifted"), "rnn-tanh", "x", ()),
    "the bias is a witness": (without(with_fault("doubling"), *INPUTS), "rnn-tanh", "b_h_l0", ()),
}
"""Subject, model, the witness of the cotangents, the steps whose shares are there."""


@pytest.mark.parametrize("what", SUMS)
def test_wrong_sum_is_not_blamed_on_the_cotangents(what: str) -> None:
    """Another gradient shows that they are right, or the share of the first step does, as the
    cotangent of that step is made of all others.
    """
    subject, model, witness, kept = SUMS[what]

    at = error_of(subject, model).at

    assert at == WrongSum("W_xh_l0", witness, kept, STEPS)


@pytest.mark.parametrize(
    ("fault", "model", "gates"),
    [
        ("no_slope", "rnn-tanh", ()),
        ("f_slope", "lstm", ("f",)),
        ("z_sign", "gru", ("z",)),
    ],
)
def test_wrong_cotangent_is_blamed(fault: str, model: str, gates: tuple[str, ...]) -> None:
    """With its gate, and the step at which it is first wrong, going backwards."""
    at = error_of(with_fault(fault), model).at

    assert at == WrongCotangent(LAST, STEPS, gates)


def test_only_share_of_the_last_step_may_be_a_loop_that_ends() -> None:
    """Without a witness it is not said to be assigned: all other cotangents may be zero."""

    def ends(case: bc.Case) -> Any:
        loss, _ = Numpy()(case)
        last = case.x * (np.arange(case.sizes.T) == case.sizes.T - 1)[:, None, None]
        _, grads = Numpy()(case.with_inputs({"x": last}))
        return loss, {"W_xh_l0": grads["W_xh_l0"] * bool(last.any())}

    assert isinstance(error_of(ends, "rnn-tanh").at, WrongCotangent)


SENTENCES: dict[str, tuple[FirstError, str]] = {
    "assigned": (
        FirstError(at=WrongSum("W_xh_l0", "x", (0,), 4)),
        "no known mistake gives these gradients: the gradients of the pre-activations are right "
        "(that of x is), but of the 4 shares of the gradient of W_xh_l0 only that of step 0 is "
        "there: is it assigned where it should be added?",
    ),
    "assigned, no witness": (
        FirstError(at=WrongSum("W_xh_l0", "", (0,), 4)),
        "no known mistake gives these gradients: of the 4 shares of the gradient of W_xh_l0 only "
        "that of step 0 is there: is it assigned where it should be added?",
    ),
    "another sum": (
        FirstError(at=WrongSum("W_xh_l0", "b_h_l0", (), 4)),
        "no known mistake gives these gradients: the gradients of the pre-activations are right "
        "(that of b_h_l0 is), the sum over steps that makes the gradient of W_xh_l0 is wrong",
    ),
    "the last cotangent": (
        FirstError(at=WrongCotangent(3, 4, ("f", "o"), (1,))),
        "no known mistake gives these gradients: going backwards, the gradient of the "
        "pre-activations of gate f and o, unit 1 is first wrong at step 3, the last",
    ),
    "an earlier one": (
        FirstError(layer=0, at=WrongCotangent(1, 4)),
        "no known mistake gives these gradients: going backwards, layer 0 is the first that is "
        "wrong; going backwards, the gradient of the pre-activations is first wrong at step 1; it "
        "is right at the steps after it, up to 3",
    ),
    "gates": (
        FirstError(gates=("r",)),
        "no known mistake gives these gradients: in gate r only",
    ),
    "the head": (
        FirstError(outside=("W_hy",)),
        "what flows back through the layers is right, the gradient of W_hy is not",
    ),
    "an initial state": (
        FirstError(outside=("h0",)),
        "every parameter's gradient is right, only that of h0 is wrong",
    ),
    "nothing": (FirstError(), "no known mistake gives these gradients"),
}


@pytest.mark.parametrize("what", SENTENCES)
def test_first_error_in_words(what: str) -> None:
    """The whole sentence, which says nothing of when."""
    fact, sentence = SENTENCES[what]

    assert words_of(fact) == sentence


def test_gates_are_those_of_all_cases() -> None:
    """A gate that is right on the shortest case and wrong on a longer one is a wrong gate."""

    def subject(case: bc.Case) -> Any:
        return with_fault("f_slope" if case.sizes.T < 4 else "tanh_slope")(case)

    shortest = error_of(with_fault("f_slope"), "lstm+mse+nobias", (3,)).gates
    both = error_of(subject, "lstm+mse+nobias", (3, 5)).gates

    assert set(shortest) < set(both) or both == ()
