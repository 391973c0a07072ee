"""A factor that all gradients, or loss and gradients, have is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bptt_reference import loss_and_grads
from support.diagnosed import sentence_of

import bptt_check as bc
from bptt_check.diagnosis.formulas.common_factor import (
    typed_number,
    which_factor,
    which_factor_of_some,
)

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


SENTENCES = {
    "negative": (scaled(lambda case: -1.0), "every gradient is -1 times the right one"),
    "half": (scaled(lambda case: 0.5), "every gradient is 1/2 times"),
    "mean over the batch": (scaled(lambda c: 1 / c.sizes.B), "every gradient is 1/B times"),
    "mean over time": (scaled(lambda c: 1 / c.sizes.T), "every gradient is 1/T times"),
    "loss scale": (
        scaled(lambda case: 65536.0),
        "every gradient is 65536 times the right one: a scale of the loss that is never taken out?",
    ),
    "quarter": (scaled(lambda case: 0.25), "every gradient is 1/4 times the right one"),
    "three digits": (scaled(lambda case: 0.0125), "every gradient is 1/80 times the right one"),
    "no inverse": (scaled(lambda case: -0.7), "every gradient is -0.7 times the right one"),
    "loss alone": (
        lambda case: (7.0 * loss_and_grads(case)[0], loss_and_grads(case)[1]),
        "your loss is 7 times the right one",
    ),
    "constant of both": (
        scaled(lambda case: 0.3, loss_too=True),
        "your loss and your gradient are 0.3 times the right one",
    ),
    "loss too": (
        scaled(lambda c: 1 / c.sizes.B, loss_too=True),
        "your loss and your gradient are 1/B times the right one",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_factor_is_named(name: str) -> None:
    """The sentence says which factor it is, and whether the loss has it too."""
    subject, sentence = SENTENCES[name]

    assert sentence in sentence_of(which_factor, subject, [spec.build() for spec in SPECS])


@pytest.mark.parametrize(
    ("declared", "loss_too", "option"),
    [
        (bc.Convention(), True, "(bc.Convention(loss_factor='1/B'))"),
        (bc.Convention(), False, "(bc.Convention(gradient_factor='1/B'))"),
        (bc.Convention(nested=True), True, "replace(your convention, loss_factor='1/B')"),
        (bc.Convention(loss_factor="2"), False, "gradient_factor='1/B'"),
    ],
)
def test_option_that_declares_factor_is_named(
    declared: bc.Convention, loss_too: bool, option: str
) -> None:
    """On top of what is declared; with it the same code passes."""
    off = 2.0 if declared.loss_factor else 1.0
    code = scaled(lambda case: 1 / case.sizes.B, loss_too)

    def subject(view: Any) -> Answer:
        loss, grads = code(view.case)
        return off * loss, {n: off * g for n, g in grads.items()}

    given = [spec.build() for spec in SPECS]
    sentence = sentence_of(which_factor, declared.adapt(subject), given)

    assert option in sentence
    name = "loss_factor" if loss_too else "gradient_factor"
    mended = replace(declared, **{name: "1/B"}).adapt(subject)
    assert bc.check(mended, given[0], oracles=["complex_step"]).passed


def test_factor_on_top_of_declared_one_has_no_option() -> None:
    """Two factors are one number that the user has to work out."""
    subject = bc.Convention(loss_factor="2").adapt(lambda view: loss_and_grads(view.case))

    sentence = sentence_of(which_factor, subject, [spec.build() for spec in SPECS])

    assert sentence == "your loss and your gradient are 1/2 times the right one"


@pytest.mark.parametrize(
    "subject",
    [
        scaled(lambda case: 1.0 + 1e-6),
        scaled(lambda case: 5.0 + case.sizes.T),
        scaled(lambda case: 0.123456789),
        scaled(lambda case: 0.0),
    ],
    ids=["a little off", "another for each case", "no number that is typed", "zero"],
)
def test_gradient_without_common_factor_gets_no_name(subject: Callable[..., Answer]) -> None:
    """A factor fits to rounding, and is one that is known."""
    assert sentence_of(which_factor, subject, [spec.build() for spec in SPECS]) == ""


def test_factor_that_is_one_on_all_cases_is_not_named() -> None:
    """With B = 1 in all cases 1/B is 1 and is never named."""
    specs = [bc.Spec(bc.Model("rnn"), bc.Sizes(4, 1, 2, 3, 2), seed=s) for s in range(3)]

    other = scaled(lambda case: 3.0 + case.h0.sum())
    assert sentence_of(which_factor, other, [s.build() for s in specs]) == ""


def some_scaled(factor: Callable[[bc.Case], float], names: str, loss: float = 1.0) -> Any:
    """The reference with some gradients times a factor."""

    def subject(case: bc.Case) -> Answer:
        value, grads = loss_and_grads(case)
        c = factor(case)
        return loss * value, {n: c * g if n in names.split() else g for n, g in grads.items()}

    return subject


SOME = {
    "1/T of the cell": (
        some_scaled(lambda case: 1 / case.sizes.T, "W_xh_l0 W_hh_l0 b_h_l0"),
        "the gradients of W_xh_l0, W_hh_l0 and b_h_l0 are 1/T times the right ones, while the loss "
        "and all other gradients are right",
    ),
    "1/B of the head": (
        some_scaled(lambda case: 1 / case.sizes.B, "W_hy b_y"),
        "the gradients of W_hy and b_y are 1/B times the right ones, while the loss",
    ),
    "constant of one": (
        some_scaled(lambda case: 0.25, "h0"),
        "the gradient of h0 is 1/4 times the right one, while the loss",
    ),
}


@pytest.mark.parametrize("what", SOME)
def test_factor_of_some_is_named(what: str) -> None:
    """With the gradients that have it, where everything else is right."""
    subject, sentence = SOME[what]

    assert sentence in sentence_of(which_factor_of_some, subject, [s.build() for s in SPECS])


@pytest.mark.parametrize(
    "subject",
    [
        scaled(lambda case: 0.25),
        scaled(lambda case: 1.0),
        some_scaled(lambda case: 0.25, "h0", loss=2.0),
        some_scaled(lambda case: 0.1 + case.h0.sum(), "W_xh_l0 W_hh_l0"),
    ],
    ids=["of all", "of none", "the loss is wrong too", "another for each case"],
)
def test_factor_that_does_not_explain_everything_is_not_named(subject: Any) -> None:
    """All other gradients and the loss are right, or nothing is said."""
    assert sentence_of(which_factor_of_some, subject, [s.build() for s in SPECS]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (65536.0000001, "65536"), (0.25, "1/4"), (-0.5, "-1/2"), (2.0, "2"), (0.125, "1/8"),
        (0.3, "0.3"), (1.5, "1.5"), (0.0125, "1/80"), (1.0, ""), (1.000001, ""), (0.0, ""),
        (0.123456, ""), (float("nan"), ""), (float("inf"), ""), (1e-3, "1/1000"),
    ],
)  # fmt: skip
def test_number_that_somebody_typed_is_told(value: float, text: str) -> None:
    """A whole number, one over it, or three digits; never 0, 1 or what is none of these."""
    told, number = typed_number(value)

    assert told == text
    assert not text or number == pytest.approx(value, rel=1e-5)
