"""The parallel selective scan is its step loop; each broken twin is wrong where it says."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from support.recurrence_examples import (
    CHUNK,
    SIZES,
    by_autograd,
    differing,
    example,
    in_bfloat16_as_in_float32,
)

pytest.importorskip("torch")
H, N = 3, 4
RIGHT_ANYWAY = {"C", "D"}
"""Gradients that no later state enters."""


def arrays_and_bars(T: int, B: int) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Inputs, and cotangents of both outputs."""
    draw = np.random.default_rng(10 * T + B)
    arrays = {
        "u": draw.normal(size=(T, B, H)),
        "delta": draw.normal(size=(T, B, H)) - 1,
        "A_log": draw.uniform(-1, 1, size=(H, N)),
        "B": draw.normal(size=(T, B, N)),
        "C": draw.normal(size=(T, B, N)),
        "D": draw.normal(size=H),
        "h0": draw.normal(size=(B, H, N)),
    }
    return arrays, [draw.normal(size=(T, B, H)), draw.normal(size=(B, H, N))]


@pytest.mark.parametrize(
    ("T", "B", "options"),
    [
        *((*s, {"chunk": CHUNK}) for s in SIZES),
        (7, 2, {"chunk": 1}),
        (13, 2, {"chunk": 5}),
        (37, 2, {}),
    ],
)
def test_outputs_and_gradients_are_those_of_the_step_loop(T: int, B: int, options: dict[str, int]):
    """Also with chunks of no power of two, and with those that the kernel has by default."""
    mamba = example("selective_scan")
    arrays, bars = arrays_and_bars(T, B)
    expected = by_autograd(mamba.reference, arrays, bars)
    got = by_autograd(partial(mamba.kernel, **options), arrays, bars)

    assert not differing(got[0], expected[0])
    assert not differing(got[1], expected[1])


@pytest.mark.parametrize(("T", "B"), SIZES)
@pytest.mark.parametrize("twin", ["padded_softplus", "decay_of_wrong_side"])
def test_a_broken_twin_is_wrong_where_it_says(twin: str, T: int, B: int):
    """Its outputs are right."""
    mamba = example("selective_scan")
    arrays, bars = arrays_and_bars(T, B)
    expected = by_autograd(mamba.reference, arrays, bars)
    got = by_autograd(partial(mamba.BROKEN[twin], chunk=CHUNK), arrays, bars)
    wrong = twin == "decay_of_wrong_side" or T % CHUNK

    assert not differing(got[0], expected[0])
    assert differing(got[1], expected[1]) == ({*arrays} - RIGHT_ANYWAY if wrong else set())


def test_padding_is_right_where_the_last_state_is_not_used():
    """The twin's fault shows only with a cotangent of it."""
    mamba = example("selective_scan")
    arrays, (y_bar, h_bar) = arrays_and_bars(CHUNK + 1, 2)
    expected, got = (
        by_autograd(f, arrays, [y_bar, 0 * h_bar])
        for f in (mamba.reference, partial(mamba.BROKEN["padded_softplus"], chunk=CHUNK))
    )

    assert not differing(got[1], expected[1])


def test_half_precision_is_rounded_once():
    """Computed in float32, returned in bfloat16."""
    arrays, _ = arrays_and_bars(2 * CHUNK + 3, 2)

    assert in_bfloat16_as_in_float32(example("selective_scan").kernel, arrays)
    assert not in_bfloat16_as_in_float32(example("selective_scan").reference, arrays)
