"""The scan of the linear recurrent unit is its step loop; each twin is wrong where it says."""

from __future__ import annotations

import numpy as np
import pytest
from support.recurrence_examples import (
    CHUNK,
    SIZES,
    by_complex_steps,
    by_hand,
    differing,
    example,
    kept_dtype,
)

H, N = 3, 4
FIRST = {"x0_re", "x0_im"}
RIGHT_ANYWAY = {"C_re", "C_im", "D"}
"""Gradients that no later state enters."""


def arrays_and_bars(T: int, B: int) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Inputs, and cotangents of the three outputs."""
    draw = np.random.default_rng(10 * T + B)
    arrays = {
        "u": draw.normal(size=(T, B, H)),
        "nu": draw.uniform(-4, 0, size=N),
        "theta": draw.uniform(-2, 1.5, size=N),
        "gamma_log": draw.uniform(-2, 0, size=N),
        "B_re": draw.normal(size=(N, H)),
        "B_im": draw.normal(size=(N, H)),
        "C_re": draw.normal(size=(H, N)),
        "C_im": draw.normal(size=(H, N)),
        "D": draw.normal(size=H),
        "x0_re": draw.normal(size=(B, N)),
        "x0_im": draw.normal(size=(B, N)),
    }
    return arrays, [draw.normal(size=size) for size in ((T, B, H), (B, N), (B, N))]


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
    unit = example("diagonal_complex")
    arrays, bars = arrays_and_bars(T, B)
    expected = by_complex_steps(unit.reference, arrays, bars)
    got = by_hand(unit.kernel, arrays, bars, **options)

    assert not differing(got[0], expected[0])
    assert not differing(got[1], expected[1])


@pytest.mark.parametrize(("T", "B"), SIZES)
def test_a_missing_conjugate_is_wrong_wherever_a_state_is_handed_on(T: int, B: int):
    """The only state that a single step hands on is the first."""
    unit = example("diagonal_complex")
    arrays, bars = arrays_and_bars(T, B)
    _, expected = by_complex_steps(unit.reference, arrays, bars)
    _, got = by_hand(unit.BROKEN["missing_conjugate"], arrays, bars, chunk=CHUNK)

    assert differing(got, expected) == (FIRST if T == 1 else {*arrays} - RIGHT_ANYWAY)


@pytest.mark.parametrize(("T", "B"), SIZES)
def test_the_shortcut_is_wrong_where_one_chunk_is_enough(T: int, B: int):
    """Longer sequences have every gradient right."""
    unit = example("diagonal_complex")
    arrays, bars = arrays_and_bars(T, B)
    _, expected = by_complex_steps(unit.reference, arrays, bars)
    _, got = by_hand(unit.BROKEN["first_state_of_one_chunk"], arrays, bars, chunk=CHUNK)

    assert differing(got, expected) == (FIRST if T <= CHUNK else set())


def test_single_precision_stays_single():
    """In outputs and gradients, complex numbers inside or not."""
    arrays, bars = arrays_and_bars(6, 2)

    assert kept_dtype(example("diagonal_complex").kernel, arrays, bars, "float32")
