"""The slope of the errors of one gradient on what they may be a multiple of."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.exact import exact_gradients
from bptt_check.runs.systematic.slope import (
    LOST,
    Errors,
    ErrorSlope,
    RegressorKind,
    errors_of,
    regressors,
    slopes_of,
)

UNIT = PRECISIONS["bfloat16"].unit


def some_errors(seed: int = 0, shape: tuple[int, ...] = (8, 3)) -> tuple[Errors, np.ndarray]:
    """Errors of some entries with weights of all sizes, and what they may be a multiple of."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=shape)
    s = UNIT * np.exp(rng.normal(size=shape))
    return Errors(s * rng.normal(size=shape), 1.0 / s**2, UNIT), true


def slope_on(errors: Errors, regressor: np.ndarray) -> ErrorSlope:
    """The slope, where there is one."""
    slope = errors.slope_on(regressor)
    assert slope is not None
    return slope


def case_of(text: str = "lstm T=4 B=2 D=3 H=4 O=3 dtype=bfloat16") -> Case:
    """The case of a spec."""
    return Spec.parse(text).build()


def test_slope_is_that_of_weighted_least_squares():
    """With q in units of roundoff, and the typical error of an entry beside its size."""
    errors, true = some_errors()
    w = errors.weight

    slope = slope_on(errors, true)

    q = (true * errors.error * w).sum() / (true**2 * w).sum()
    typical = math.sqrt((true**2 * w).sum() / (true**4 * w**2).sum())
    assert slope.units == pytest.approx(q / UNIT, rel=1e-12)
    assert slope.typical == pytest.approx(typical / UNIT, rel=1e-12)


@pytest.mark.parametrize("multiple", [-1.0, -0.25, 0.0, 2.0**-10, 3.0])
def test_error_that_is_a_multiple_of_the_truth_has_it_as_slope(multiple: float):
    """Whatever the weights, up to the rounding of two sums in float64."""
    errors, true = some_errors()
    off = replace(errors, error=multiple * true)

    assert slope_on(off, true).units * UNIT == pytest.approx(multiple, rel=1e-13)


def test_error_beside_the_truth_has_none():
    """What is orthogonal to the regressor under the weights is no multiple of it."""
    errors, true = some_errors()
    w = errors.weight
    beside = errors.error - true * (w * true * errors.error).sum() / (w * true**2).sum()

    assert abs(slope_on(replace(errors, error=beside), true).units) < 1e-12
    assert abs(slope_on(errors, true).units) > 1e-3


def test_entries_of_weight_zero_say_nothing():
    """Whatever their errors are, and whatever is true of them."""
    errors, true = some_errors()
    weight = errors.weight.copy()
    weight[::2] = 0.0
    left = replace(errors, weight=weight)
    other, elsewhere = errors.error.copy(), true.copy()
    other[::2], elsewhere[::2] = 1e6, -7.0

    assert left.slope_on(true) == replace(left, error=other).slope_on(elsewhere)
    assert left.slope_on(true) != errors.slope_on(true)


def test_entries_that_are_no_number_or_below_their_rounding_have_no_weight():
    """An inf, and a gradient that is smaller than its own rounding error; the others have some."""
    case = case_of()
    true = exact_gradients(case)["W_hh_l0"]
    rounding = conditioning(case, case.dtype)
    typical = rounding.error("W_hh_l0")
    got, small = true + typical, true.copy()
    got[0, 0], small[1, 1] = np.inf, 0.5 * typical[1, 1]

    errors = errors_of(case, "W_hh_l0", got, small, rounding)

    assert errors.weight[0, 0] == errors.weight[1, 1] == errors.error[0, 0] == 0.0
    assert (errors.weight > 0.0).sum() >= true.size // 2
    assert errors.slope_on(small) is not None


def test_regressor_that_is_lost_in_rounding_has_no_slope():
    """Where an entry is off by three times its size, all of it may be missing."""
    errors, true = some_errors()
    typical = slope_on(errors, true).typical * UNIT

    assert errors.slope_on(true * 0.9 * typical / LOST) is None
    assert errors.slope_on(true * 0.0) is None
    assert errors.slope_on(true * 1.1 * typical / LOST) is not None


@pytest.mark.parametrize(
    "text",
    [
        "lstm T=4 B=2 D=3 H=4 O=3 dtype=bfloat16",
        "gru T=4 B=2 D=3 H=2 O=3 dtype=float16",
        "rnn-tanh T=4 B=2 D=3 H=4 O=3 dtype=float32",
    ],
)
def test_slopes_of_gates_are_those_on_their_rows(text: str):
    """Taken all at once, and one by one with zeros elsewhere, they are the same."""
    case = case_of(text)
    rng = np.random.default_rng(0)
    for name, true in exact_gradients(case).items():
        rounding = conditioning(case, case.dtype)
        got = true + rounding.error(name) * rng.normal(size=true.shape)
        errors = errors_of(case, name, got, true, rounding)
        together = dict(slopes_of(case, name, errors, true))
        alone = {part: errors.slope_on(rows) for part, rows in regressors(case, name, true)}
        known = {part: slope for part, slope in alone.items() if slope is not None}

        assert set(together) == set(known)
        for part, slope in together.items():
            assert slope.units == pytest.approx(known[part].units, rel=1e-9, abs=1e-12)
            assert slope.typical == pytest.approx(known[part].typical, rel=1e-9)
        gates = {part.name for part in together if part.kind is RegressorKind.GATE}
        assert gates <= set(case.model.layout.gates)
        assert bool(gates) == (name.startswith(("W_xh", "W_hh", "b_")) and len(alone) > 1)


def test_slope_of_one_gate_knows_nothing_of_the_others():
    """Twice the rows of the forget gate are a slope of 1 there and of 0 elsewhere."""
    case = case_of()
    true, rounding = exact_gradients(case)["W_hh_l0"], conditioning(case, case.dtype)
    got, H = true.copy(), case.sizes.H
    got[H : 2 * H] *= 2.0

    errors = errors_of(case, "W_hh_l0", got, true, rounding)
    found = {part.name: slope.units for part, slope in slopes_of(case, "W_hh_l0", errors, true)}

    one = 1.0 / PRECISIONS[case.dtype].unit
    assert found.pop("f") == pytest.approx(one, rel=1e-12)
    assert 0.0 < found.pop("") < one
    assert set(found.values()) == {0.0}
