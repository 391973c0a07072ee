"""A wrong loss that does not depend on an input is told to be that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.drawn import SMALL

import bptt_check as bc
from bptt_check.diagnosis.call_facts import UnusedInputs
from bptt_check.diagnosis.call_wording import unused_in_words
from bptt_check.diagnosis.trials import Trials
from bptt_check.diagnosis.unused_inputs import unused_inputs

Subject = Callable[[bc.Case], Any]


def without(*names: str, value: float = 0.0) -> Subject:
    """The reference, which takes one number for every entry of some inputs."""

    def subject(case: bc.Case) -> Any:
        return loss_and_grads(
            case.with_inputs({n: np.full_like(case.inputs[n], value) for n in names})
        )

    return subject


def unused(subject: Subject, model: str) -> UnusedInputs | None:
    """What is said of a subject on two cases of a model."""
    trials = Trials(subject)
    specs = [bc.Spec.parse(f"{model} T={T} B=2 D=2 H=3 O=3 seed={T}") for T in (4, 3)]
    return unused_inputs(trials, trials.of(specs))


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("rnn-tanh", ("b_h_l0",)),
        ("lstm+2layers", ("b_h_l0", "b_h_l1")),
        ("gru+mse", ("b_hh_l0",)),
        ("lstm+linear", ("c0",)),
        ("rnn-tanh", ("W_hh_l0",)),
    ],
)
def test_input_that_a_loss_ignores_is_named(model: str, names: tuple[str, ...]) -> None:
    """Parameters and initial states; whether it is as if they were zero."""
    assert unused(without(*names), model) == UnusedInputs(
        tuple(n for n in _in_order(model) if n in _with_its_own(names)), as_zero=True
    )


def _in_order(model: str) -> list[str]:
    return list(bc.Spec.parse(f"{model} T=2").build().inputs)


def _with_its_own(names: tuple[str, ...]) -> set[str]:
    """What is no longer used where others are zero: nothing of a state that W_hh drops."""
    return {*names, "h0"} if "W_hh_l0" in names else {*names}


@pytest.mark.parametrize("name", ["b_h_l0", "b_y", "h0"])
def test_other_value_than_zero_is_told_apart(name: str) -> None:
    """The loss does not depend on it, and is not that of zeros."""
    fact = unused(without(name, value=0.25), "rnn-tanh+mse")

    assert fact is not None
    assert fact == UnusedInputs((name,), as_zero=False)
    assert unused_in_words(fact) == (
        f"your loss does not depend on {name}: it is the same to the last bit for other values of "
        "it"
    )


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_loss_that_depends_on_everything_is_not_told_so(factor: float) -> None:
    """Neither a right one nor a wrong one."""

    def subject(case: bc.Case) -> Any:
        loss, grads = loss_and_grads(case)
        return factor * loss, grads

    assert unused(subject, "lstm") is None


def test_input_that_changes_nothing_is_no_mistake() -> None:
    """With one step and h0 zero no right loss depends on W_hh."""
    trials = Trials(lambda case: (2 * loss_and_grads(case)[0], {"b_y": np.zeros(3)}))
    spec = bc.Spec.parse("rnn-tanh T=1 B=2 D=2 H=3 O=3 initial_state=zero")

    assert unused_inputs(trials, trials.of([spec])) is None


@pytest.mark.parametrize("model", ["rnn-tanh", "lstm+mse", "gru-reset-before"])
def test_run_says_that_the_loss_does_not_depend_on_the_bias(model: str) -> None:
    """In place of another model, of which nothing is known."""
    report = bc.verify(without("b_h_l0"), [model], cases=4, oracles=["complex_step"], within=SMALL)

    (failure,) = report.failures
    assert failure.diagnoses == (
        "your loss does not depend on b_h_l0: it is the same to the last bit for other values of "
        "it, and it is that of the model with zeros for it",
    )
    assert "diagnosis: your loss does not depend on b_h_l0" in failure.message
