"""A run ends after a few errors that are the same, and tells them once."""

from __future__ import annotations

from typing import Any

import pytest
from support import made
from support.right import right
from support.shared_errors import shared_error, shared_failure

import bptt_check as bc
from bptt_check.report.markdown import render_markdown
from bptt_check.report.sentences import told_failures
from bptt_check.runs.alike import told_once

QUICK: dict[str, Any] = {"cases": 30, "oracles": ["complex_step"]}
FOUR = ["rnn-tanh", "rnn-tanh+mse", "rnn-identity", "rnn-sigmoid"]


class Counting:
    """Counts the calls of a subject."""

    def __init__(self, subject: Any) -> None:
        self.subject, self.calls, self.models = subject, 0, set()

    def __call__(self, case: bc.Case) -> Any:
        self.calls += 1
        self.models.add(str(case.model))
        return self.subject(case)


def raises(case: bc.Case) -> Any:
    raise ValueError(f"no good: {case.sizes}")


def no_dict(case: bc.Case) -> Any:
    return 0.0


def renamed(case: bc.Case) -> Any:
    return 0.0, {f"d{n}": a for n, a in case.inputs.items()}


def raises_for_rnn(case: bc.Case) -> Any:
    if case.model.cell == "rnn":
        raise ValueError("rnn")
    return right(case)


def raises_later(case: bc.Case) -> Any:
    if case.sizes.T > 1:
        raise ValueError("long")
    return right(case)


@pytest.mark.parametrize(
    ("subject", "calls", "models"), [(raises, 40, 3), (no_dict, 60, 3), (renamed, 40, 1)]
)
def test_the_same_error_ends_a_run(subject, calls, models):
    """Of 120 cases few are asked; what was left out is counted, and the verdict stands."""
    counted = Counting(subject)
    report = bc.verify(counted, FOUR, **QUICK)

    assert counted.calls <= calls + 200  # shrinking one failure, once
    assert len(counted.models) == len(report.models) == models
    assert report.run.left_out == tuple(FOUR[models:])
    assert sum(report.cases.values()) <= 24
    assert not report.passed
    assert f"left out after that: {4 - models} further model" in report.message
    assert "further cases of this model" in report.message


@pytest.mark.parametrize("subject", [raises_for_rnn, raises_later, right])
def test_a_subject_that_answers_something_is_asked_everything(subject):
    """What it raises for one model or one length says nothing about others."""
    models = [*FOUR[:3], "gru"]
    report = bc.verify(subject, models, **QUICK)

    assert report.run.left_out == ()
    assert set(report.models) == set(models)
    assert sum(report.cases.values()) == (4 * 30 if subject is not raises_for_rnn else 3 * 8 + 30)


def test_equal_failures_are_told_once():
    """With the models that they are the same in; each has its record all the same."""
    report = bc.verify(raises, FOUR, **QUICK)
    first, *others = report.failures

    assert first.same_as == ""
    assert [f.same_as for f in others] == ["rnn-tanh"] * 2
    assert told_failures(report.run) == [report.run.failures[0]]
    assert "the same in 2 other models: rnn-tanh+mse, rnn-identity" in report.message
    assert render_markdown(report.run).count("\n### ") == 1


def doubled(case: bc.Case) -> Any:
    loss, grads = right(case)
    return loss, grads | {"b_y": 2.0 * grads["b_y"]}


def other_for_mse(case: bc.Case) -> Any:
    loss, grads = doubled(case)
    return loss, (grads if case.model.loss != "mse" else {n: -g for n, g in grads.items()})


def test_equal_diagnoses_are_told_once_and_others_by_themselves():
    """A wrong line is the same in every model that has it."""
    same = bc.verify(doubled, ["rnn-tanh", "gru"], cases=4, oracles=["complex_step"])
    other = bc.verify(other_for_mse, FOUR[:2], cases=4, oracles=["complex_step"])

    assert [f.same_as for f in same.failures] == ["", "rnn-tanh"]
    assert [f.same_as for f in other.failures] == ["", ""]


def test_equal_errors_that_all_cases_share_are_told_once():
    """Of different models: two of one model are of two dtypes; others are told by themselves."""
    of_lstm, other = shared_error(), shared_error(parameter="W_hy")
    failures = [
        shared_failure(of_lstm),
        shared_failure(shared_error(dtype="float16")),
        shared_failure(of_lstm, model="gru"),
        shared_failure(other, model="gru+mse"),
        shared_failure(shared_error(estimate=0.5), model="rnn-tanh"),
        made.failure(model="rnn-relu"),
    ]

    assert [f.same_as for f in told_once(failures)] == ["", "", "lstm", "", "", ""]
