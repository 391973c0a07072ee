"""Two gradients are the same to rounding, or in norm; a little more and they are not."""

from __future__ import annotations

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.diagnosis.matching import RELATIVE, near_by_rounding, near_in_norm, same
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.exact import exact_gradients

CASE = bc.Spec.parse("lstm T=4 B=2 D=3 H=3 O=2 seed=1").build()
NEAR = {
    "by rounding": near_by_rounding(conditioning(CASE, CASE.dtype)),
    "in norm": near_in_norm(CASE.dtype),
}


@pytest.mark.parametrize("how", NEAR)
def test_gradient_is_itself_up_to_rounding(how: str) -> None:
    """Noise of a few units in the last place is no difference."""
    want = exact_gradients(CASE)
    got = {name: gradient * (1 + 4e-16) for name, gradient in want.items()}

    assert same(got, want, NEAR[how])


@pytest.mark.parametrize("how", NEAR)
def test_gradient_that_is_a_little_off_is_another_one(how: str) -> None:
    """A relative change of 1e-6 of one gradient is one that rounding cannot make."""
    want = exact_gradients(CASE)
    got = want | {"W_hh_l0": want["W_hh_l0"] * (1 + 1e-6)}

    assert not same(got, want, NEAR[how])
    assert same(got, {"W_xh_l0": want["W_xh_l0"]}, NEAR[how])


def test_rounding_is_told_entry_by_entry() -> None:
    """One entry that is off is another gradient, and the only entry that is not near."""
    want = exact_gradients(CASE)["W_hh_l0"]
    got = want.copy()
    got[1, 2] += 1e-6 * np.abs(want).max()

    far = ~NEAR["by rounding"]("W_hh_l0", got, want)

    assert list(zip(*np.nonzero(far), strict=True)) == [(1, 2)]


@pytest.mark.parametrize("dtype", RELATIVE)
def test_norm_allows_what_the_precision_can_tell(dtype: str) -> None:
    """Half of the relative distance is the same in every precision, twice of it is not."""
    want = {"x": np.ones((2, 3))}
    near = near_in_norm(dtype)

    assert same({"x": want["x"] * (1 + RELATIVE[dtype] / 2)}, want, near)
    assert not same({"x": want["x"] * (1 + RELATIVE[dtype] * 2)}, want, near)


NOT_FINITE = {
    "one infinite entry": ("W_hh_l0", np.inf),
    "one entry minus infinity": ("x", -np.inf),
    "one NaN": ("b_y", np.nan),
}


@pytest.mark.parametrize("how", NEAR)
@pytest.mark.parametrize("what", NOT_FINITE)
def test_candidate_that_is_not_finite_is_no_gradient(what: str, how: str) -> None:
    """Neither what is finite matches it, nor what is the same: its distance could be anything."""
    name, value = NOT_FINITE[what]
    got = exact_gradients(CASE)
    candidate = {n: g.copy() for n, g in got.items()}
    candidate[name].flat[0] = value

    assert not NEAR[how](name, got[name], candidate[name]).any()
    assert not NEAR[how](name, candidate[name], candidate[name]).any()
    assert not same(got, candidate, NEAR[how])
    assert NEAR[how](name, got[name], got[name]).all()


@pytest.mark.parametrize("how", NEAR)
def test_gradients_with_no_name_in_common_are_not_the_same(how: str) -> None:
    """Where nothing is compared nothing is shown."""
    want = exact_gradients(CASE)

    assert not same(want, {}, NEAR[how])
    assert not same({"b_y": want["b_y"]}, {"x": want["x"]}, NEAR[how])


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_norm_is_that_of_any_size(size: float) -> None:
    """Squares that leave the range of the numbers make no distance of nothing, or of infinity."""
    near, want = near_in_norm("float64"), {"x": size * np.arange(1.0, 5.0)}

    assert same(want, want, near)
    assert not same({"x": 1.001 * want["x"]}, want, near)
