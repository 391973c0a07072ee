"""Why calls on the same case give other answers: told apart by more calls than two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.drawn import SMALL

import bptt_check as bc
from bptt_check.diagnosis.call_facts import (
    AddedUp,
    AnswersInTurn,
    CarriedState,
    OwnRandomNumbers,
)
from bptt_check.diagnosis.repeated_calls import left_of_calls
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import problem_of, unroll

Subject = Callable[[bc.Case], Any]
MODELS = ("rnn-tanh", "lstm+2layers", "gru+mse")


def specs(model: str) -> list[bc.Spec]:
    """Two cases of a model, with two answers each."""
    return [bc.Spec.parse(f"{model} T={T} B=2 D=2 H=3 O=2 seed={T}") for T in (5, 3)]


class Accumulating:
    """The reference with gradients that are added to those of the calls before, by shape."""

    def __init__(self, start: str = "") -> None:
        self.start, self.kept = start, dict[Any, Any]()

    def __call__(self, case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        for name in [n for n in grads if n.startswith(self.start)]:
            key = name, case.sizes, str(case.model)
            grads[name] = self.kept[key] = grads[name] + self.kept.get(key, 0.0)
        return loss, grads


class Carrying:
    """The reference with final states that the next call of the same shape starts from."""

    def __init__(self, states: str) -> None:
        self.states, self.kept = states, dict[Any, Any]()

    def __call__(self, case: bc.Case) -> Any:
        start = {
            s: self.kept.get((s, case.h0.shape)) for s in self.states if f"{s}0" in case.inputs
        }
        own = case.with_inputs({f"{s}0": a for s, a in start.items() if a is not None})
        problem = problem_of(own)
        for name, arrays in unroll(NumPy(), problem, problem.inputs)[1].items():
            self.kept[name, case.h0.shape] = np.stack(arrays)
        return loss_and_grads(own)


class Alternating:
    """The reference with twice the gradients in every second call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, case: bc.Case) -> Any:
        self.calls += 1
        loss, grads = loss_and_grads(case)
        return loss, {n: (1 + self.calls % 2) * g for n, g in grads.items()}


class Drawing:
    """The reference with noise of its own in the gradients, or in the inputs."""

    def __init__(self, inputs: bool) -> None:
        self.inputs, self.rng = inputs, np.random.default_rng(0)

    def __call__(self, case: bc.Case) -> Any:
        if self.inputs:
            kept = self.rng.random(case.x.shape) < 0.8
            return loss_and_grads(case.with_inputs({"x": case.x * kept / 0.8}))
        loss, grads = loss_and_grads(case)
        return loss, {n: g * (1 + 0.1 * self.rng.random()) for n, g in grads.items()}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("start", ["", "W_hh_l0"])
def test_gradients_that_add_up_are_named(model: str, start: str) -> None:
    """All of them or some, whatever calls there were before."""
    subject = Accumulating(start)
    subject(specs(model)[1].build())

    fact = left_of_calls(subject, specs(model))

    case = specs(model)[1].build()
    names = tuple(n for n in loss_and_grads(case)[1] if n.startswith(start))
    assert fact == AddedUp(names)


@pytest.mark.parametrize(
    ("model", "states", "named"),
    [
        ("rnn-tanh", "h", ("h",)),
        ("lstm+2layers", "hc", ("h", "c")),
        ("lstm+mse", "c", ("c",)),
        ("lstm", "h", ("h",)),
        ("gru+linear+2layers", "h", ("h",)),
    ],
)
def test_state_that_is_carried_is_named(model: str, states: str, named: tuple[str, ...]) -> None:
    """Which of the states, whatever calls there were before."""
    subject = Carrying(states)
    subject(specs(model)[1].build())

    assert left_of_calls(subject, specs(model)) == CarriedState(named)


@pytest.mark.parametrize("model", MODELS)
def test_answers_in_turn_are_named(model: str) -> None:
    """The third call is like the first."""
    assert left_of_calls(Alternating(), specs(model)) == AnswersInTurn(2)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("inputs", [False, True])
def test_own_numbers_are_asked_about(model: str, inputs: bool) -> None:
    """Where no call is like another one, and what changes is nothing that is left of the last."""
    assert left_of_calls(Drawing(inputs), specs(model)) == OwnRandomNumbers(4, of_loss=inputs)


@pytest.mark.parametrize("model", MODELS)
def test_steady_answers_get_no_name(model: str) -> None:
    """Right code, code that is wrong in every call alike, and rounding that changes."""

    def doubled(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        return 2 * loss, grads

    rng = np.random.default_rng(0)

    def rounded(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        return loss, {n: g * (1 + 1e-16 * rng.integers(-2, 3)) for n, g in grads.items()}

    for subject in (loss_and_grads, doubled, rounded):
        assert left_of_calls(subject, specs(model)) is None


@pytest.mark.parametrize("loss", [np.inf, -np.inf, np.nan])
def test_steady_losses_that_are_not_finite_get_no_name(loss: float) -> None:
    """A distance between infinities is no number, and no sign of a random draw."""
    assert left_of_calls(lambda case: (loss, loss_and_grads(case)[1]), specs("lstm")) is None


@pytest.mark.parametrize("special", ["raises later", "two alike", "no case"])
def test_what_cannot_be_told_apart_gets_no_name(special: str) -> None:
    """Where a call gives no answer, or only one of them is another."""
    calls: list[int] = []

    def subject(case: bc.Case) -> Any:
        calls.append(1)
        if special == "raises later" and len(calls) > 2:
            raise RuntimeError
        loss, grads = loss_and_grads(case)
        return loss, {n: g * (2 if len(calls) % 4 == 2 else 1) for n, g in grads.items()}

    given: Sequence[bc.Spec] = [] if special == "no case" else specs("rnn-tanh")
    assert left_of_calls(subject, given) is None


IN_A_RUN: dict[str, tuple[Callable[[], Subject], str]] = {
    "added up": (
        lambda: Accumulating("W_"),
        "every call adds the right gradients of W_xh_l0, W_hh_l0 and W_hy to those of the calls "
        "before: set them to zero at the start of a call (`.grad` accumulates)",
    ),
    "carried": (
        lambda: Carrying("h"),
        "every call starts at the h at which the call before ended, not at the initial state",
    ),
    "in turn": (Alternating, "calls on the same case give 2 answers in turn"),
    "own numbers": (
        lambda: Drawing(inputs=True),
        "in each of 4 calls on the same case loss and gradients are others, and what changes is "
        "neither a sum over calls nor a state carried on: do you draw random numbers of your own",
    ),
}


@pytest.mark.parametrize("what", IN_A_RUN)
def test_run_says_why_there_are_two_answers(what: str) -> None:
    """The message of the breach has the reason below it."""
    make, sentence = IN_A_RUN[what]

    report = bc.verify(make(), ["rnn-tanh"], cases=4, oracles=["complex_step"], within=SMALL)

    (failure,) = [f for f in report.failures if f.verdict == "contract"]
    assert "two calls on the same case gave two answers" in failure.message
    assert any(sentence in told for told in failure.diagnoses)
    assert "diagnosis: " in failure.message
