"""Linear attention in chunks is its step loop; each broken twin is wrong where it says."""

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

K, V = 4, 3


def arrays_and_bars(T: int, B: int) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Inputs, and cotangents of both outputs."""
    draw = np.random.default_rng(10 * T + B)
    arrays = {
        "q": draw.normal(size=(T, B, K)),
        "k": draw.normal(size=(T, B, K)),
        "v": draw.normal(size=(T, B, V)),
        "g": draw.uniform(-3, 0, size=(T, B, K)),
        "S0": draw.normal(size=(B, K, V)),
    }
    return arrays, [draw.normal(size=(T, B, V)), draw.normal(size=(B, K, V))]


@pytest.mark.parametrize(
    ("T", "B", "options"), [*((*s, {"chunk": CHUNK}) for s in SIZES), (37, 1, {})]
)
def test_outputs_and_gradients_are_those_of_the_step_loop(T: int, B: int, options: dict[str, int]):
    """Also with the chunk length that the kernel has by default."""
    attention = example("decayed_linear_attention")
    arrays, bars = arrays_and_bars(T, B)
    expected = by_complex_steps(attention.reference, arrays, bars)
    got = by_hand(attention.kernel, arrays, bars, **options)

    assert not differing(got[0], expected[0])
    assert not differing(got[1], expected[1])


@pytest.mark.parametrize(("T", "B"), SIZES)
def test_a_cut_last_chunk_is_wrong_where_there_is_one(T: int, B: int):
    """What only the cut steps read gets nothing, and what they share too little."""
    attention = example("decayed_linear_attention")
    arrays, bars = arrays_and_bars(T, B)
    _, expected = by_complex_steps(attention.reference, arrays, bars)
    _, got = by_hand(attention.BROKEN["last_chunk_cut"], arrays, bars, chunk=CHUNK)

    assert differing(got, expected) == ({*arrays} if T % CHUNK else set())


@pytest.mark.parametrize(("T", "B"), SIZES)
def test_a_gate_of_its_own_write_is_wrong_everywhere(T: int, B: int):
    """And nothing else is."""
    attention = example("decayed_linear_attention")
    arrays, bars = arrays_and_bars(T, B)
    _, expected = by_complex_steps(attention.reference, arrays, bars)
    _, got = by_hand(attention.BROKEN["gate_of_own_write"], arrays, bars, chunk=CHUNK)

    assert differing(got, expected) == {"g"}


def test_a_state_that_is_forgotten_at_once_has_no_gradient():
    """A decay of zero is exp(-inf)."""
    attention = example("decayed_linear_attention")
    arrays, bars = arrays_and_bars(6, 2)
    arrays["g"][0] = -np.inf
    _, got = by_hand(attention.kernel, arrays, bars, chunk=CHUNK)

    assert not got["S0"].any()
    assert all(np.isfinite(bar).all() for bar in got.values())


def test_single_precision_stays_single():
    """In outputs and gradients."""
    arrays, bars = arrays_and_bars(6, 2)

    assert kept_dtype(example("decayed_linear_attention").kernel, arrays, bars, "float32")
