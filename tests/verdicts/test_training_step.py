"""A wrong training step is told apart from a wrong gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from bptt_reference.update import clip_by_global_norm, clip_by_value, sgd_update

import bptt_check as bc

Answer = tuple[float, dict[str, Any]]


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
