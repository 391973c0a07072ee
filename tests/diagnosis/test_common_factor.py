"""Conventions are told apart from mistakes: factors, clipping, the training step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from bptt_reference.update import clip_by_global_norm, clip_by_value, sgd_update

import bptt_check as bc
from bptt_check.diagnosis.common_factor import signature
from bptt_check.equations.exact import exact_gradients

Answer = tuple[float, dict[str, Any]]
SPECS = [
    bc.Spec(bc.Model("lstm", loss="mse"), bc.Sizes(T, B, 3, 4, 3), seed=T)
    for T, B in ((5, 2), (7, 3), (6, 4))
]


def scaled(factor: Callable[[bc.Case], float], loss_too: bool = False) -> Callable[..., Answer]:
    """The reference with all gradients times a factor."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = loss_and_grads(case)
        c = factor(case)
        return loss * c if loss_too else loss, {n: c * g for n, g in grads.items()}

    return subject


def clipped(how: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Answer]:
    """The reference with its parameters' gradients clipped."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = loss_and_grads(case)
        return loss, grads | how({n: grads[n] for n in case.params})

    return subject


SENTENCES = {
    "negative": (scaled(lambda case: -1.0), "every gradient is -1 times the right one"),
    "half": (scaled(lambda case: 0.5), "every gradient is 1/2 times"),
    "mean over the batch": (scaled(lambda c: 1 / c.sizes.B), "every gradient is 1/B times"),
    "mean over time": (scaled(lambda c: 1 / c.sizes.T), "every gradient is 1/T times"),
    "loss too": (
        scaled(lambda c: 1 / c.sizes.B, loss_too=True),
        "your loss and your gradient are 1/B times the right one",
    ),
    "norm": (clipped(lambda g: clip_by_global_norm(g, 0.5)), "clipped to norm 0.5 over the param"),
    "value": (
        lambda case: (lambda loss, g: (loss, clip_by_value(g, 0.01)))(*loss_and_grads(case)),
        "clipped to values within 0.01",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_convention_is_named(name: str) -> None:
    """The sentence says which convention the gradient follows."""
    subject, sentence = SENTENCES[name]

    assert sentence in signature(subject, [spec.build() for spec in SPECS])


@pytest.mark.parametrize(
    ("declared", "loss_too", "option"),
    [
        (bc.Convention(), True, "(bc.Convention(loss_factor='1/B'))"),
        (bc.Convention(), False, "(bc.Convention(gradient_factor='1/B'))"),
        (bc.Convention(nested=True), True, "replace(your convention, loss_factor='1/B')"),
        (bc.Convention(loss_factor="2"), False, "gradient_factor='1/B'"),
    ],
)
def test_the_option_that_declares_a_factor_is_named(
    declared: bc.Convention, loss_too: bool, option: str
) -> None:
    """On top of what is declared; with it the same code passes."""
    off = 2.0 if declared.loss_factor else 1.0
    code = scaled(lambda case: 1 / case.sizes.B, loss_too)

    def subject(view: Any) -> Answer:
        loss, grads = code(view.case)
        return off * loss, {n: off * g for n, g in grads.items()}

    given = [spec.build() for spec in SPECS]
    sentence = signature(declared.adapt(subject), given)

    assert option in sentence
    name = "loss_factor" if loss_too else "gradient_factor"
    mended = replace(declared, **{name: "1/B"}).adapt(subject)
    assert bc.check(mended, given[0], oracles=["complex_step"]).passed


def test_a_factor_on_top_of_a_declared_one_has_no_option() -> None:
    """Two factors are one number that the user has to work out."""
    subject = bc.Convention(loss_factor="2").adapt(lambda view: loss_and_grads(view.case))

    sentence = signature(subject, [spec.build() for spec in SPECS])

    assert sentence == "your loss and your gradient are 1/2 times the right one"


@pytest.mark.parametrize(
    "subject",
    [
        scaled(lambda case: 1.0 + 1e-6),
        scaled(lambda case: 5.0 + case.sizes.D),
        clipped(lambda g: {n: a / np.linalg.norm(a) for n, a in g.items()}),
    ],
    ids=["a little off", "another factor", "each clipped alone"],
)
def test_nothing_is_named_that_does_not_fit(subject: Callable[..., Answer]) -> None:
    """A gradient that no convention explains gets no name."""
    assert signature(subject, [spec.build() for spec in SPECS]) == ""


def test_a_factor_of_one_explains_nothing() -> None:
    """With B = 1 in all cases 1/B is 1 and is never named."""
    specs = [bc.Spec(bc.Model("rnn"), bc.Sizes(4, 1, 2, 3, 2), seed=s) for s in range(3)]

    assert signature(scaled(lambda case: 3.0), [s.build() for s in specs]) == ""


@pytest.mark.parametrize("truncation", [None, bc.Truncation(2, 3)])
def test_the_tape_has_the_exact_gradient(truncation: bc.Truncation | None) -> None:
    """The gradient that conventions are compared with is right, truncated or not."""
    case = bc.Spec(bc.Model("gru", layers=2), bc.Sizes(6, 2, 3, 4, 2), truncation).build()
    _, want = loss_and_grads(case)

    got = exact_gradients(case)

    assert all(np.allclose(got[n], want[n], rtol=1e-11, atol=1e-14) for n in want)


class Trainer:
    """The reference with its training step."""

    name = "trainer"
    clip = staticmethod(clip_by_global_norm)
    clip_by_value = staticmethod(clip_by_value)
    update = staticmethod(sgd_update)

    def __call__(self, case: bc.Case) -> Answer:
        return loss_and_grads(case)


def each_alone(grads: dict[str, Any], max_norm: float) -> dict[str, Any]:
    """Clips every array by its own norm: a common mistake."""
    return {n: g * min(1.0, max_norm / (np.linalg.norm(g) + 1e-300)) for n, g in grads.items()}


WRONG_STEPS = {
    "clip": each_alone,
    "clip_by_value": lambda grads, limit: {n: np.minimum(g, limit) for n, g in grads.items()},
    "update": lambda params, grads, rate: {n: p + rate * grads[n] for n, p in params.items()},
}
ORACLES = ["complex_step", "finite_difference"]


def test_a_right_training_step_passes_in_both_precisions() -> None:
    """Clipping and updating as defined are within rounding, and have rows of their own."""
    report = bc.verify(
        Trainer(), ["lstm"], cases=30, oracles=ORACLES, dtypes=("float64", "float32")
    )

    assert report.passed, report.message
    assert {"clip", "clip_by_value", "update"} <= {row.parameter for row in report.rows}


@pytest.mark.parametrize("name", WRONG_STEPS)
def test_a_wrong_training_step_is_told_apart_from_a_wrong_gradient(name: str) -> None:
    """The message says that the gradient is right and what is done with it is not."""
    wrong = type("Wrong", (Trainer,), {name: staticmethod(WRONG_STEPS[name])})

    report = bc.verify(wrong(), ["lstm"], cases=10, oracles=ORACLES)

    assert report.verdict == "fail"
    assert report.failures[0].parameter == name
    assert "your gradient is right, what you do with it is not" in report.message


def test_a_training_step_that_raises_is_an_error() -> None:
    """What a step raises is reported with its line, and does not end the run."""

    class Raises(Trainer):
        def update(self, *_: Any) -> Any:
            raise KeyError("momentum")

    report = bc.verify(Raises(), ["rnn-tanh"], cases=5, oracles=ORACLES)

    assert report.verdict == "error"
    assert "KeyError: 'momentum'" in report.message
