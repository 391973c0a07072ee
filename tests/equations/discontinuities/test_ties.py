"""Logits of which rounding decides which is the largest."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.types import Array
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.discontinuities.ties import tied_sequences
from bptt_check.equations.network import Problem, problem_of

SAMPLES = 16


def problem(line: str) -> Problem:
    return problem_of(Spec.parse(line).build())


def samples_of(values: list[list[float]], error: float) -> Array:
    """Samples of the logits of one step (B, O), off by up to an error."""
    off = np.random.default_rng(0).uniform(-error, error, (SAMPLES, *np.shape(values)))
    return np.array(values) + off


@pytest.mark.parametrize(
    ("values", "error", "tied"),
    [
        ([[1000.0, 900.0, -1000.0], [1000.0, 0.0, 0.0]], 20.0, [True, False]),
        ([[1000.0, 900.0, -1000.0], [1000.0, 0.0, 0.0]], 1.0, [False, False]),
        ([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]], 0.01, [False, False]),
    ],
)
def test_classes_within_reach_of_the_first_are_tied(values, error, tied):
    """Nearly equal ones that are known well are not: the softmax of them is smooth."""
    found = tied_sequences(problem("rnn-tanh T=1 B=2 D=1 H=1 O=3"), [samples_of(values, error)])

    assert found.tolist() == tied


@pytest.mark.parametrize(("logit", "tied"), [(60.0, True), (-60.0, True), (1000.0, False)])
def test_an_output_within_reach_of_zero_is_tied(logit, tied):
    """The sigmoid of it may be 0 or 1, though all samples are on one side."""
    samples = samples_of([[logit]], 20.0)

    found = tied_sequences(problem("rnn-tanh+bce T=1 B=1 D=1 H=1 O=1"), [samples])

    assert np.all(np.sign(samples) == np.sign(logit))
    assert found.tolist() == [tied]


def test_a_step_without_a_loss_is_not_tied():
    """What is read is the last step's output."""
    steps = np.stack([samples_of([[logit]], 20.0) for logit in (60.0, 1000.0)], axis=1)

    assert not tied_sequences(problem("rnn-tanh+bce+last T=2 B=1 D=1 H=1 O=1"), [steps]).any()
    assert tied_sequences(problem("rnn-tanh+bce T=2 B=1 D=1 H=1 O=1"), [steps]).all()


def test_gradients_behind_tied_logits_are_not_judged():
    """In bfloat16 the logits of this case are off by hundreds; in float32 none is tied."""
    line = "rnn-relu T=2 B=33 D=1 H=8 O=9 dtype={} regime=exploding seed=1305"
    coarse, fine = (
        conditioning(Spec.parse(line.format(d)).build(), d) for d in ("bfloat16", "float32")
    )

    assert np.all(np.isinf(coarse.unbounded("b_y")))
    assert 0 < np.isinf(coarse.unbounded("x")).mean() < 1
    assert not np.any(fine.unbounded("b_y"))
