"""Cotangents of the outputs of a recurrence, kind by kind."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.cotangents import draw_cotangents, of_last_step

OUTPUTS = {
    "output.hs": np.zeros((6, 3, 4)),
    "output.last": np.zeros((3, 4)),
    "output.n": np.zeros(()),
}


def drawn(kind="random", dtype="float64", seed=0):
    return draw_cotangents(OUTPUTS, kind, dtype, seed)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_random_ones_are_of_either_sign_and_none_is_small(dtype):
    found = drawn(dtype=dtype)

    assert {n: a.shape for n, a in found.items()} == {n: a.shape for n, a in OUTPUTS.items()}
    hs = found["output.hs"]
    assert (PRECISIONS[dtype].rounded(hs) == hs).all()
    unit = PRECISIONS[dtype].unit
    assert np.abs(hs).min() >= 0.1 * (1 - unit)
    assert np.abs(hs).max() <= 1.0
    assert (hs > 0).any()
    assert (hs < 0).any()


def test_seeds_and_outputs_have_other_ones():
    assert (drawn(seed=1)["output.hs"] != drawn(seed=2)["output.hs"]).any()
    assert (drawn(seed=1)["output.hs"] == drawn(seed=1)["output.hs"]).all()
    assert (drawn()["output.hs"][0] != drawn()["output.last"]).any()


def test_ones_are_ones():
    assert all((a == 1.0).all() for a in drawn("ones").values())


def test_one_output_alone_has_one_and_each_has_its_turn():
    found = [[*drawn("one_output", seed=seed)] for seed in range(40)]

    assert {len(names) for names in found} == {1}
    assert {name for names in found for name in names} == {*OUTPUTS}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_of_the_last_step_everything_else_is_zero(axis):
    """Wherever the axis of time lies."""
    whole = drawn()["output.hs"]

    found = of_last_step(whole, axis)

    assert (found.take(-1, axis) == whole.take(-1, axis)).all()
    assert not found.take(range(whole.shape[axis] - 1), axis).any()


def test_of_the_last_step_what_has_no_time_is_left():
    whole = drawn()["output.last"]

    assert of_last_step(whole, None) is whole
