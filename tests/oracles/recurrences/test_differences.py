"""Differences of the outputs of a reference find out one whose own gradients are wrong."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase, RecurrenceSpec
from bptt_check.errors import LeftAlone
from bptt_check.oracles.recurrences.differences import MANY_NUMBERS, DifferencesOracle
from bptt_check.oracles.recurrences.reverse_mode import ReferenceOracle

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

import torch

from bptt_check.recurrences.torch_code import TorchCode


class WrongTanh(torch.autograd.Function):
    """Whose derivative lacks a square."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(torch.tanh(x))
        return torch.tanh(x)

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        (y,) = ctx.saved_tensors
        return bars[0] * (1.0 - y)


def tanh_sums(x, decay, S):
    outs = []
    for t in range(len(x)):
        S = decay[t] * S + torch.tanh(x[t])
        outs.append(S)
    return torch.stack(outs), S


def with_wrong_backward(x, decay, S):
    outs = []
    for t in range(len(x)):
        S = decay[t] * S + WrongTanh.apply(x[t])
        outs.append(S)
    return torch.stack(outs), S


def detached(x, decay, S):
    outs = []
    for t in range(len(x)):
        S = decay[t] * S.detach() + torch.tanh(x[t])
        outs.append(S)
    return torch.stack(outs), S


def with_kinks(x, decay, S):
    """At zero autograd takes one of many slopes."""
    outs = []
    for t in range(len(x)):
        S = decay[t] * S + torch.relu(x[t]) + 0.5 * x[t].abs()
        outs.append(S)
    return torch.stack(outs), S


INPUTS = Inputs(
    x="T B", decay=bc.between(0, 1, "T B"), S="B", sizes={"T": (1, 12), "B": (1, 3)}, time="T"
)


def case_of(function, T=6, B=2, **words) -> RecurrenceCase:
    recurrence = Recurrence("mine", INPUTS, TorchCode(function))
    return RecurrenceSpec(recurrence, (("T", T), ("B", B)), **words).build()


def excess(function, name, **words) -> float:
    """By how many bounds the slopes of the gradient differ from those of the outputs, at most."""
    case = case_of(function, **words)
    found = DifferencesOracle()(case)
    assert found.bounds is not None
    slopes = found.along[name].slopes(ReferenceOracle()(case).grads[name])
    return float(np.max(np.abs(found.grads[name] - slopes) / found.bounds[name]))


@pytest.mark.parametrize("regime", ["normal", "extremes", "repeated", "large", "small"])
@pytest.mark.parametrize("cotangents", ["random", "ones", "last_step"])
def test_the_gradients_of_a_right_reference_lie_within_the_bounds(regime, cotangents):
    for name in ("x", "decay", "S"):
        assert excess(tanh_sums, name, regime=regime, cotangents=cotangents) <= 1.0


def test_bounds_are_narrow():
    """A bound that is wide holds of anything: a millionth of the sizes that add up to a slope."""
    case = case_of(tanh_sums)
    found, exact = DifferencesOracle()(case), ReferenceOracle()(case)

    assert found.bounds is not None
    for name, bound in found.bounds.items():
        assert (bound < 1e-6 * np.abs(exact.grads[name]).sum()).all()


@pytest.mark.parametrize(
    ("function", "names"), [(with_wrong_backward, ["x"]), (detached, ["x", "decay", "S"])]
)
def test_the_gradients_of_a_wrong_one_do_not(function, names):
    """Whatever is computed before the place is wrong, the rest is not."""
    assert [n for n in ("x", "decay", "S") if excess(function, n) > 1e3] == names


@pytest.mark.parametrize("regime", ["sparse", "normal"])
def test_at_a_kink_no_slope_is_claimed(regime):
    """Of relu at zero autograd says 0, a central difference 1/2: both are right."""
    case = case_of(with_kinks, T=12, B=3, regime=regime)
    found = DifferencesOracle()(case)

    assert found.bounds is not None
    at_zero = bool((case.arrays["x"] == 0.0).any())
    assert np.isinf(found.bounds["x"]).all() == at_zero == (regime == "sparse")
    assert np.isfinite(found.bounds["decay"]).all()
    for name in ("x", "decay", "S"):
        assert excess(with_kinks, name, T=12, B=3, regime=regime) <= 1.0


def test_a_case_of_many_numbers_is_left_alone_unless_asked_for():
    case = case_of(tanh_sums, T=12, B=MANY_NUMBERS)

    with pytest.raises(LeftAlone, match="numbers, more than 4,000"):
        DifferencesOracle()(case)
    assert DifferencesOracle(asked_for=True)(case_of(tanh_sums)).along


# --- in a run -----------------------------------------------------------------------------------

WORDS = "the reference's own backward pass is not the derivative of its outputs: look in it for"


@pytest.mark.parametrize("reference", [with_wrong_backward, detached])
@pytest.mark.parametrize("kernel", [tanh_sums, with_wrong_backward])
def test_a_wrong_reference_decides_nothing_and_is_told(reference, kernel):
    line = f"{reference.__name__} T=6 B=2 seed=3"
    report = bc.verify_against(kernel, reference, INPUTS, case=line, dtypes=("float64",))

    assert report.verdict == "inconclusive"
    assert "the oracles disagree on" in report.message
    assert WORDS in report.message


def test_a_right_reference_decides():
    line = "tanh_sums T=6 B=2 seed=3"
    report = bc.verify_against(tanh_sums, tanh_sums, INPUTS, case=line, dtypes=("float64",))
    wrong = bc.verify_against(
        with_wrong_backward, tanh_sums, INPUTS, case=line, dtypes=("float64",)
    )

    assert report.passed
    assert wrong.verdict == "fail"
    assert WORDS not in report.message + wrong.message


def test_kinks_of_a_right_reference_do_not_make_it_wrong():
    line = "with_kinks T=12 B=3 regime=sparse seed=3"
    report = bc.verify_against(with_kinks, with_kinks, INPUTS, case=line, dtypes=("float64",))

    assert report.passed, report.message
