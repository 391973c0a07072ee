"""Functions that vary below the steps of differences: never called wrong where they are right."""

from __future__ import annotations

import numpy as np
import pytest
from support.functions import (
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


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("beside", [False, True])
def test_layer_in_a_lower_precision_is_imprecise(dtype: str, beside: bool) -> None:
    """From near it is flat; that is no reason to believe that its gradient is zero."""
    function, arrays = through(dtype, beside)
    report = bc.verify_function(function, arrays)

    assert report.verdict == "imprecise"
    assert "is there float32 or half precision inside?" in report.message


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
