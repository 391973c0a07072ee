"""Rows without a budget say why: of numbers that overflow, that they do, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.cases.result import Result
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.measurement import measure
from bptt_check.verdicts.verdict import Reason

SIZES = "T=2 B=1 D=2 H=2 O=2"


ORACLES = ["finite_difference", "complex_step"]


def check(case: bc.Case, *others: str) -> Any:
    """Code that is right, against oracles that need no framework, and these."""
    return bc.check(loss_and_grads, case, [*ORACLES, *others])


def with_large(line: str, name: str, value: float) -> bc.Case:
    """A case in which every number of an array is this one, up to its sign."""
    case = bc.Spec.parse(f"{line} {SIZES}").build()
    if name == "targets":
        return replace(case, targets=np.full_like(case.targets, value), spec=None)
    return case.with_inputs({name: value * np.sign(case.inputs[name])})


LARGE = [
    ("rnn-tanh", "W_hy", 1e300),
    ("rnn-tanh", "W_hy", 1e160),
    ("rnn-tanh", "W_hy", -1e308),
    ("gru", "x", 1e300),
    ("rnn-relu", "x", -1e160),
]


@pytest.mark.parametrize(("model", "name", "value"), LARGE)
def test_every_oracle_says_that_numbers_overflow(model: str, name: str, value: float) -> None:
    """The same of all of them: which array, how large; no kink, no chaos, no contradiction."""
    report = check(with_large(model, name, value))
    overflow = {r.reason for r in report.rows if r.reason_kind is Reason.OVERFLOW}
    said = " ".join(r.reason for r in report.rows)

    assert len(overflow) == 1
    assert f"{name} has numbers of {abs(value):.2g}" in overflow.pop()
    assert "kink" not in said
    assert "trajectories" not in said


@pytest.mark.parametrize("value", [1e300, 1e160])
def test_case_that_nobody_decides_says_so_in_one_statement(value: float) -> None:
    """Once, with the oracles it holds for; such a case had no message."""
    report = check(with_large("rnn-tanh", "W_hy", value))

    assert report.verdict == "inconclusive"
    assert "the numbers of this case are too large to decide anything" in report.message
    assert report.message.count("leave the range of float64") == 1
    assert "undecided by: finite_difference, complex_step" in report.message


@pytest.mark.parametrize(
    ("name", "value"), [("targets", 1e160), ("targets", -1e300), ("W_hy", 1e200)]
)
def test_overflow_of_a_squared_error_is_no_kink(name: str, value: float) -> None:
    """Of the loss alone it is told that it leaves the range; what is finite is right.

    Complex step squares no error: its slopes may be finite where the loss is not.
    """
    report = check(with_large("rnn-tanh+mse", name, value))
    kinds = {r.reason_kind for r in report.rows if r.oracle == "finite_difference"}
    by_steps = {(r.verdict, r.reason_kind) for r in report.rows if r.oracle == "complex_step"}

    assert "this case leaves the range of float64" in report.message
    assert kinds <= {Reason.OVERFLOW, Reason.OUT_OF_RANGE}
    assert by_steps <= {
        ("inconclusive", Reason.OVERFLOW),
        ("inconclusive", Reason.OUT_OF_RANGE),
        ("pass", Reason.NONE),
    }
    assert Reason.OVERFLOW in kinds


@pytest.mark.parametrize("scale", [1.0, 1e-200])
def test_kinks_and_vacuous_rows_keep_their_reasons(scale: float) -> None:
    """Where nothing overflows: at a kink in every entry, and where the truth is zero."""
    case = bc.Spec.parse(f"rnn-relu+linear {SIZES}").build()
    at_kink = case.with_inputs({n: scale * np.zeros_like(a) for n, a in case.inputs.items()})
    report = check(at_kink)

    assert all(r.reason_kind is not Reason.OVERFLOW for r in report.rows)
    assert any(r.reason_kind is Reason.AT_KINK for r in report.rows)


def test_refused_gradient_that_is_not_offered_is_not_called_refused() -> None:
    """An oracle that declines says nothing of a gradient that is not there."""
    case = bc.Spec.parse(f"rnn-relu {SIZES}").build()
    grads = {n: g for n, g in exact_gradients(case).items() if n != "h0"}
    measured = measure(
        case, Result(exact_loss(case), grads), {"shy": ValueError("no")}, Tolerance()
    )
    kinds = {r.parameter: r.reason_kind for r in measured.rows}

    assert kinds["h0"] is Reason.NOT_OFFERED
    assert kinds["x"] is Reason.DECLINED
