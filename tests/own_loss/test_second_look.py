"""Functions that vary below the steps of differences: never called wrong where they are right."""

from __future__ import annotations

import numpy as np
import pytest
from support.functions import (
    Arrays,
    Function,
    X,
    changed,
    chaotic_network,
    doubled,
    of_one_number,
    square,
    through,
)  # fmt: skip

import bptt_check as bc
from bptt_check.own_loss.differencing.differences import Differenced, measure_slopes
from bptt_check.own_loss.differencing.noise import Noise
from bptt_check.own_loss.point import Caller, read_point
from bptt_check.own_loss.second_look import look_again
from bptt_check.own_loss.trees import read_form
from bptt_check.verdicts.verdict import Reason

P = {"p": np.array(0.3)}


def wavy(size: float, speed: float) -> Function:
    """A line with a fast sine on it."""
    return of_one_number(
        lambda p: p + size * np.sin(speed * (p - 0.3)),
        lambda p: 1 + size * speed * np.cos(speed * (p - 0.3)),
    )


@pytest.mark.parametrize(
    ("size", "speed"),
    [(1.0, 1e5), (1.0, 1e8), (1e-6, 1e7), (1e-6, 1e9), (1e-8, 1e8), (1e-11, 1e11), (1.0, 1e11)],
)
def test_function_that_varies_fast_is_right_and_its_double_wrong(size: float, speed: float) -> None:
    """Steps are as fine as the loss needs; the mean slope alone, 1, is wrong too."""
    mean = of_one_number(lambda p: p + size * np.sin(speed * (p - 0.3)), np.ones_like)

    assert bc.verify_function(wavy(size, speed), P).passed
    assert bc.verify_function(doubled(wavy(size, speed)), P).verdict == "fail"
    assert bc.verify_function(mean, P).verdict == "fail"


@pytest.mark.parametrize("seed", [1, 6])
def test_network_whose_trajectories_diverge_is_not_called_wrong(seed: int) -> None:
    """Its gradient is a million, and coarse differences say 2; half of it too much is seen."""
    function, arrays = chaotic_network(seed)
    more = changed(lambda v, g: (v, {"h0": 1.5 * g["h0"]}), function)
    report = bc.verify_function(function, arrays)

    assert np.abs(function(arrays)[1]["h0"]).max() > 1e6
    assert (report.verdict, report.rows[0].decided) == ("pass", 16)
    assert bc.verify_function(more, arrays).verdict == "fail"


def test_loss_without_digits_is_inconclusive() -> None:
    """Between two neighbouring numbers it varies altogether, whatever its gradient is."""
    noise = of_one_number(lambda p: np.sin(1e18 * p), lambda p: 1e18 * np.cos(1e18 * p))
    report = bc.verify_function(noise, P)

    assert report.verdict == "inconclusive"
    assert "p: the loss has no digits to difference: over the shortest distances" in report.message


@pytest.mark.parametrize(
    ("dtype", "verdict"), [("float32", "imprecise"), ("float16", "inconclusive")]
)
@pytest.mark.parametrize("beside", [False, True])
def test_layer_in_a_lower_precision_is_told(dtype: str, verdict: str, beside: bool) -> None:
    """From near it is flat; that is no reason to believe that its gradient is zero.

    Of half precision too few entries are decided to call the formula right.
    """
    function, arrays = through(dtype, beside)
    report = bc.verify_function(function, arrays)

    assert report.verdict == verdict
    assert "is there float32 or half precision inside?" in report.message
    assert (sum(c.decided for c in report.coverage.values()) == 30) == (verdict == "imprecise")


def in_bfloat16(factor: float) -> tuple[Function, Arrays]:
    """A layer that torch computes in bfloat16; its loss is flat beside every weight."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(np.random.default_rng(5).normal(size=(5, 7))).bfloat16()

    def function(a: Arrays) -> tuple[float, Arrays]:
        h = torch.tanh(torch.tensor(a["W"]).bfloat16() @ x)
        grad = ((2 * h * (1 - h * h)) @ x.T).double().numpy()
        return float((h * h).sum()), {"W": factor * grad}

    return function, {"W": np.random.default_rng(6).normal(size=(4, 5))}


@pytest.mark.parametrize("factor", [1.0, 0.0])
def test_flat_loss_of_bfloat16_calls_no_gradient_right_or_wrong(factor: float) -> None:
    """Neither its gradient nor a gradient of zero; twice the gradient is wrong."""
    report = bc.verify_function(*in_bfloat16(factor))

    assert report.verdict == "inconclusive"
    assert "W: 0 of 20 entries decided" in report.message
    assert "W: the loss stays the same over steps of " in report.message
    assert bc.verify_function(*in_bfloat16(2.0)).verdict == "fail"


def softmax_loss(factor: float) -> Function:
    """Cross-entropy of one sequence, whose second class is right."""

    def function(a: Arrays) -> tuple[float, Arrays]:
        z = a["z"] - a["z"].max()
        p = np.exp(z) / np.exp(z).sum()
        loss = a["z"].max() + np.log(np.exp(z).sum()) - a["z"][1]
        return loss, {"z": p - [0.0, 1.0, 0.0] + [factor, 0.0, 0.0]}

    return function


@pytest.mark.parametrize("logit", [36.0, 50.0, 700.0])
def test_gradient_of_a_saturated_softmax_is_not_called_wrong(logit: float) -> None:
    """Its loss is exactly zero, however its logits are moved; beside 1e-3 that says something."""
    arrays = {"z": np.array([3.0, logit, -20.0])}

    assert bc.verify_function(softmax_loss(0.0), arrays).verdict == "inconclusive"
    assert bc.verify_function(softmax_loss(1e-3), arrays).verdict == "fail"


def test_float32_inside_does_not_hide_a_wrong_gradient() -> None:
    """Twice as large, or without the part that is in float32."""
    function, arrays = through("float32", beside=True)
    part = changed(lambda v, g: (v, {"W": 2 * arrays["W"]}), function)

    assert bc.verify_function(doubled(function), arrays).verdict == "fail"
    assert bc.verify_function(part, arrays).verdict == "fail"


@pytest.mark.parametrize(("has_digits", "reason"), [(True, Reason.NONE), (False, Reason.NO_DIGITS)])
def test_only_what_is_over_budget_is_looked_at(has_digits: bool, reason: Reason) -> None:
    """Without digits nothing that would fail is believed; what agrees stays."""
    point = read_point(read_form(X), None)
    of = Differenced(Caller(square, point), float(square(X)[0]), 1e-15, has_digits)
    measured = measure_slopes(of, {"x": [(0,), (1,)]}, np.random.default_rng(0))
    grads = {"x": 2 * X["x"] * [1.0, 1.5, 1.0]}
    noise = Noise(1e-15, 1e-15, {"x": np.zeros(3)})
    seen = look_again(of, point, grads, measured, noise)["x"]

    assert seen.entries[0,].reason_kind is Reason.NONE
    assert seen.entries[1,].reason_kind is reason
