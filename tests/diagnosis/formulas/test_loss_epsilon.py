"""An epsilon in the logarithm of a loss is named, with its size and how it comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.diagnosed import sentence_of, trials_of

import bptt_check as bc
from bptt_check.diagnosis.facts import EpsilonForm, EpsilonInLoss
from bptt_check.diagnosis.formulas.loss_epsilon import which_epsilon

Subject = Callable[[bc.Case], Any]
Inside = Callable[[Any], Any]
"""What a probability is made before its logarithm is taken."""


def cases(model: str, regime: str = "saturated", dtype: str = "float64") -> list[bc.Case]:
    """Two cases of a tanh network."""
    words = f"B=2 D=2 H=3 O=3 regime={regime} dtype={dtype}"
    return [bc.Spec.parse(f"{model} T={T} {words} seed={T}").build() for T in (4, 6)]


def states(case: bc.Case) -> Any:
    """States of one layer of tanh, (T, B, H)."""
    h, p, found = case.h0[0], case.params, []
    for x_t in case.x:
        h = np.tanh(x_t @ p["W_xh_l0"].T + h @ p["W_hh_l0"].T + p["b_h_l0"])
        found.append(h)
    return np.stack(found)


def written(inside: Inside, gradient: Inside | None = None) -> Subject:
    """A tanh network whose loss takes logarithms of probabilities.

    `gradient`, from p to what the gradient of the logits of the right loss is multiplied by at the
    target (cross entropy only), makes the gradients of the head those of the loss as written.
    """

    def subject(case: bc.Case) -> Any:
        _, grads = loss_and_grads(case)
        h = states(case)
        y = h @ case.params["W_hy"].T + case.params["b_y"]
        if case.model.loss == "bce":
            p = 1 / (1 + np.exp(-y))
            t = case.targets
            return -(t * np.log(inside(p)) + (1 - t) * np.log(inside(1 - p))).sum(), grads
        e = np.exp(y - y.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        t = np.eye(case.sizes.O)[case.targets]
        if gradient is not None:
            y_bar = (p - t) * (t * gradient(p)).sum(axis=-1, keepdims=True)
            grads = {"W_hy": np.einsum("tbo,tbh->oh", y_bar, h), "b_y": y_bar.sum(axis=(0, 1))}
        return -(t * np.log(inside(p))).sum(), grads

    return subject


EPSILONS: dict[str, tuple[str, Inside, EpsilonInLoss]] = {
    "1e-12": (
        "rnn-tanh",
        lambda p: p + 1e-12,
        EpsilonInLoss(1e-12, EpsilonForm.ADDED, False, "model"),
    ),
    "1e-8": (
        "rnn-tanh",
        lambda p: p + 1e-8,
        EpsilonInLoss(1e-8, EpsilonForm.ADDED, False, "model"),
    ),
    "machine epsilon": (
        "rnn-tanh",
        lambda p: p + np.finfo(float).eps,
        EpsilonInLoss(float(np.finfo(float).eps), EpsilonForm.ADDED, False, "model"),
    ),
    "floor": (
        "rnn-tanh",
        lambda p: np.maximum(p, 1e-5),
        EpsilonInLoss(1e-5, EpsilonForm.FLOOR, False, "model"),
    ),
    "clipped": (
        "rnn-tanh+bce",
        lambda p: np.clip(p, 1e-7, 1 - 1e-7),
        EpsilonInLoss(1e-7, EpsilonForm.CLIPPED, True, "model"),
    ),
    "of both": (
        "rnn-tanh+bce",
        lambda p: p + 1e-10,
        EpsilonInLoss(1e-10, EpsilonForm.ADDED, True, "model"),
    ),
}


@pytest.mark.parametrize("what", EPSILONS)
def test_epsilon_is_named(what: str) -> None:
    """Its size, its form, and of which loss the gradients are."""
    model, inside, fact = EPSILONS[what]

    assert which_epsilon(trials_of(written(inside), cases(model))) == fact


@pytest.mark.parametrize("epsilon", [1e-12, 1e-9, 1e-4])
def test_epsilon_is_named_where_it_hardly_shows(epsilon: float) -> None:
    """Where p is of order one it changes the loss by little more than rounding."""
    given = trials_of(written(lambda p: p + epsilon), cases("rnn-tanh", "normal"))

    assert which_epsilon(given) == EpsilonInLoss(epsilon, EpsilonForm.ADDED, False, "model")


@pytest.mark.parametrize("epsilon", [1e-3, 1e-6, 1e-8])
def test_gradients_of_the_loss_with_epsilon_are_told_apart(epsilon: float) -> None:
    """They are the derivative of what is written."""
    own = written(lambda p: p + epsilon, lambda p: p / (p + epsilon))
    fact = which_epsilon(trials_of(own, cases("rnn-tanh")))

    assert fact == EpsilonInLoss(epsilon, EpsilonForm.ADDED, False, "own")


def test_other_gradients_are_not_explained_by_an_epsilon() -> None:
    """They are the derivative of neither loss, and something else is looked for."""
    wrong = written(lambda p: p + 1e-3, lambda p: 0.5 + 0 * p)
    fact = which_epsilon(trials_of(wrong, cases("rnn-tanh")))

    assert fact == EpsilonInLoss(1e-3, EpsilonForm.ADDED, False, "")


@pytest.mark.parametrize(
    "subject",
    [
        loss_and_grads,
        written(lambda p: p),
        written(lambda p: 1.001 * p),
        written(lambda p: p + 1e-6 * p**2),
        written(lambda p: p + 3.3e-6),
    ],
    ids=["right", "naive, but right", "a factor", "another term", "no epsilon that is written"],
)
def test_other_losses_have_no_epsilon(subject: Subject) -> None:
    """Right ones, and those that are wrong in another way."""
    assert sentence_of(which_epsilon, subject, cases("rnn-tanh")) == ""


def test_loss_without_logarithms_has_none() -> None:
    """Neither squares nor cotangents."""
    for model in ("rnn-tanh+mse", "rnn-tanh+linear"):
        assert sentence_of(which_epsilon, loss_and_grads, cases(model)) == ""


def test_epsilon_in_words() -> None:
    """What stands in the logarithms, whose the gradients are, and what needs no epsilon."""
    told = sentence_of(which_epsilon, written(lambda p: p + 1e-12), cases("rnn-tanh"))
    both = sentence_of(
        which_epsilon, written(lambda p: np.clip(p, 1e-7, 1 - 1e-7)), cases("rnn-tanh+bce")
    )

    assert told == (
        "your loss is made of log(p + 1e-12): the epsilon makes it another loss; your gradients "
        "are those of the loss without it; the log-softmax of the logits needs none"
    )
    assert "log(clip(p, 1e-07, 1 - 1e-07)) and log(clip(1 - p, 1e-07, 1 - 1e-07))" in both


@pytest.mark.parametrize(
    ("regimes", "verdict"), [(("normal",), "imprecise"), (("saturated",), "fail")]
)
def test_run_names_the_epsilon(regimes: tuple[str, ...], verdict: str) -> None:
    """Whether digits are lost or the loss is another one altogether."""
    within = bc.Within(T=(2, 6), B=(1, 3), D=(2, 3), H=(2, 4), O=(3, 4), regimes=regimes)
    subject = written(lambda p: p + 1e-12)

    report = bc.verify(subject, ["rnn-tanh"], cases=6, oracles=["complex_step"], within=within)

    assert report.verdict == verdict
    assert all("log(p + 1e-12)" in failure.message for failure in report.failures)
