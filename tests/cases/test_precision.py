"""The precisions: their grids, and subjects that are judged in them."""

from __future__ import annotations

from typing import Any

import bptt_reference
import numpy as np
import pytest
from support.drawn import SMALL
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.errors import SpecError

RANDOM = np.random.default_rng(0)
VALUES = np.concatenate(
    [
        RANDOM.normal(size=500) * 10.0 ** RANDOM.integers(-8, 5, size=500),
        [0.0, -0.0, 1.0, -2.0, 2.0**-14, 2.0**-15, 2.0**-24, 2.0**-25, 65504.0, 1 + 2.0**-11],
    ]
)
HALF = ("bfloat16", "float16")


def as_bfloat16(values: np.ndarray) -> np.ndarray:
    """Ties to even on the upper half of the bits of float32."""
    bits = values.astype(np.float32).view(np.uint32)
    bits = bits + 0x7FFF + ((bits >> 16) & 1)
    return (bits & 0xFFFF0000).view(np.float32)


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_rounding_is_that_of_numpy(name):
    """To nearest, ties to even, subnormal numbers and overflow included."""
    with np.errstate(over="ignore"):
        want = VALUES.astype(name).astype(np.float64)

    assert np.array_equal(PRECISIONS[name].rounded(VALUES).astype(np.float64), want)
    assert PRECISIONS[name].rounded(VALUES).dtype == PRECISIONS[name].stored


def test_bfloat16_is_the_upper_half_of_float32():
    """There is no NumPy dtype to compare with; the bits say the same."""
    values = VALUES.astype(np.float32).astype(np.float64)

    assert np.array_equal(PRECISIONS["bfloat16"].rounded(values), as_bfloat16(values))


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_spacing_is_that_of_numpy(name):
    """One unit in the last place, down to the smallest number."""
    values = np.abs(VALUES[np.abs(VALUES) < 60000]).astype(name)
    spacing = np.spacing(values).astype(np.float64)

    assert np.array_equal(PRECISIONS[name].spacing(values.astype(np.float64)), spacing)


def test_unit_range_and_exp_limit_of_each_precision():
    """Units, ends of the range, and where exp overflows."""
    double, single, half = (PRECISIONS[n] for n in ("float64", "float32", "float16"))

    assert [p.unit for p in (double, single, half)] == [2.0**-53, 2.0**-24, 2.0**-11]
    assert [p.tiniest for p in (double, single)] == [np.finfo(t).tiny for t in ("f8", "f4")]
    assert double.largest_exponent == pytest.approx(709.7827)
    assert single.largest_exponent == pytest.approx(88.7228)


@pytest.mark.parametrize("dtype", HALF)
def test_a_case_in_half_precision_lies_on_the_grid(dtype):
    """Arrays are float32 and every value survives rounding; the spec's line says the dtype."""
    case = bc.Spec.parse(f"gru T=5 B=2 dtype={dtype} seed=3").build()

    assert (case.dtype, case.stored) == (dtype, "float32")
    for array in case.inputs.values():
        assert array.dtype == np.float32
        assert np.array_equal(PRECISIONS[dtype].rounded(array), array)
    assert bc.Spec.parse(str(case.spec)) == case.spec


def test_a_value_beyond_the_range_is_refused():
    """float16 ends at 65504; a case that overflows it is no case."""
    case = bc.Spec.parse("rnn-tanh dtype=float16").build()

    with pytest.raises(SpecError, match="x holds NaN or infinity"):
        case.with_inputs({"x": np.full(case.x.shape, 1e5)})


def rounded_inside(case: bc.Case) -> Any:
    """The reference, with every gradient rounded to the case's grid as a kernel would store it."""
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, {n: PRECISIONS[case.dtype].rounded(g) for n, g in grads.items()}


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("subject", [bptt_reference.loss_and_grads, rounded_inside])
def test_a_right_kernel_in_half_precision_passes(dtype, subject):
    """Whether it accumulates in float32 or stores in half: no tolerance has to be chosen."""
    report = bc.verify(subject, ["lstm", "gru"], 15, ["complex_step"], [dtype], within=SMALL)

    assert report.verdict == "pass", report.message


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("fault", ["carry_dh", "i_for_g", "f_slope"])
def test_a_wrong_kernel_in_half_precision_fails(dtype, fault):
    """Eight digits of a binary number are enough to see a missing carry or a swapped gate."""
    report = bc.verify(
        Numpy(frozenset({fault})), ["lstm"], 30, ["complex_step"], [dtype], within=SMALL
    )

    assert report.verdict == "fail"
    assert f"dtype={dtype}" in report.message


def test_gradients_of_half_precision_are_float32():
    """NumPy's own float16 is another dtype than the one that cases of float16 have."""

    def subject(case: bc.Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, {n: g.astype(np.float16) for n, g in grads.items()}

    report = bc.check(subject, bc.Spec.parse("rnn-tanh dtype=float16").build(), ["complex_step"])

    assert report.verdict == "contract"
    assert "has dtype float16, not float32" in report.message
