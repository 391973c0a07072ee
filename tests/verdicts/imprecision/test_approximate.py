"""Code that is right to a declared accuracy, and what is said where none was declared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.right import RightOracle, right

from bptt_check.cases.case import Case, Spec
from bptt_check.runs.check import Setup, check_case
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.case_report import CaseReport

MODELS = ("rnn-tanh T=5", "lstm T=4", "gru+mse T=6")


def approximate(size: float, of_loss: float = 0.0) -> Any:
    """Every entry off by up to `size` of the largest one of its gradient, as a solver leaves it."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        draw = np.random.default_rng(3)
        return loss * (1 + of_loss), {
            n: g + size * np.abs(g).max() * draw.uniform(-1, 1, g.shape) for n, g in grads.items()
        }

    return subject


def judged(subject: Any, model: str, accuracy: float = 0.0) -> CaseReport:
    """The report of a subject that declares an accuracy."""
    setup = Setup((RightOracle(),), Tolerance(accuracy=accuracy))
    return check_case(subject, Spec.parse(model).build(), setup, ())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("accuracy", [1e-9, 1e-6, 1e-4])
def test_an_error_below_the_accuracy_passes_and_one_above_fails(model, accuracy):
    """In gradients and in the loss."""
    assert judged(approximate(0.5 * accuracy, 0.5 * accuracy), model, accuracy).verdict == "pass"
    assert judged(approximate(20.0 * accuracy), model, accuracy).verdict.failing
    assert judged(approximate(0.0, 20.0 * accuracy), model, accuracy).verdict.failing


@pytest.mark.parametrize("model", MODELS)
def test_accuracy_excuses_no_missing_term(model):
    """One gradient of zeros is off by all of it."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        return loss, grads | {"W_hh_l0": 0.0 * grads["W_hh_l0"]}

    assert judged(subject, model, 1e-4).verdict == "fail"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("size", "said", "meant"), [(1e-5, "1e-05", "1e-04"), (3e-4, "3e-04", "1e-03")]
)
def test_what_is_small_everywhere_is_called_approximate(model, size, said, meant):
    """And not a missing term; the accuracy that would do is named."""
    report = judged(approximate(size), model)

    assert report.verdict == "fail"
    assert f"approximate, to about {said}" in report.message
    assert f"say accuracy={meant}" in report.message
    assert judged(approximate(size), model, float(meant)).verdict == "pass"


@pytest.mark.parametrize("model", MODELS)
def test_one_factor_and_one_entry_are_not_called_approximate(model):
    """Nor is what is large."""

    def factor(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {n: (1 + 1e-5) * g for n, g in grads.items()}

    def one_entry(case: Case) -> Any:
        loss, grads = right(case)
        return loss, grads | {
            "x": grads["x"] + 1e-5 * np.eye(1, grads["x"].size).reshape(grads["x"].shape)
        }

    for subject in (factor, one_entry, approximate(0.1)):
        report = judged(subject, model)
        assert report.verdict == "fail"
        assert "approximate, to" not in report.message
        assert "say accuracy" not in report.message
