"""The gated delta rule in chunks is its step loop; each broken twin is wrong where it says."""

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
K, V = 5, 3


def arrays_and_bars(T: int, B: int) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Inputs, and cotangents of both outputs."""
    draw = np.random.default_rng(10 * T + B)
    k = draw.normal(size=(T, B, K))
    arrays = {
        "q": draw.normal(size=(T, B, K)),
        "k": k / np.linalg.norm(k, axis=-1, keepdims=True),
        "v": draw.normal(size=(T, B, V)),
        "beta": draw.uniform(size=(T, B)),
        "g": draw.uniform(-3, 0, size=(T, B)),
        "S0": draw.normal(size=(B, K, V)),
    }
    return arrays, [draw.normal(size=(T, B, V)), draw.normal(size=(B, K, V))]


@pytest.mark.parametrize(
    ("T", "B", "options"), [*((*s, {"chunk": CHUNK}) for s in SIZES), (37, 2, {})]
)
def test_outputs_and_gradients_are_those_of_the_step_loop(T: int, B: int, options: dict[str, int]):
    """Also with the chunk length that the kernel has by default."""
    rule = example("gated_delta_rule")
    kernel = partial(rule.kernel, **options)
    arrays, bars = arrays_and_bars(T, B)
    expected, got = (by_autograd(f, arrays, bars) for f in (rule.reference, kernel))

    assert not differing(got[0], expected[0])
    assert not differing(got[1], expected[1])


@pytest.mark.parametrize(("T", "B"), SIZES)
@pytest.mark.parametrize("twin", ["lost_carry", "last_state_unread"])
def test_a_broken_twin_is_wrong_where_it_says(twin: str, T: int, B: int):
    """Its outputs are right; q's gradient never depends on what comes after a step."""
    rule = example("gated_delta_rule")
    arrays, bars = arrays_and_bars(T, B)
    expected = by_autograd(rule.reference, arrays, bars)
    got = by_autograd(partial(rule.BROKEN[twin], chunk=CHUNK), arrays, bars)
    wrong = twin == "last_state_unread" or T > CHUNK

    assert not differing(got[0], expected[0])
    assert differing(got[1], expected[1]) == ({*arrays} - {"q"} if wrong else set())


def test_a_state_that_is_forgotten_at_once_has_no_gradient():
    """A decay of zero is exp(-inf)."""
    rule = example("gated_delta_rule")
    arrays, bars = arrays_and_bars(6, 2)
    arrays["g"][0] = -np.inf
    expected, got = (
        by_autograd(f, arrays, bars) for f in (rule.reference, partial(rule.kernel, chunk=CHUNK))
    )

    assert not got[1]["S0"].any()
    assert not differing(got[0], expected[0])
    assert not differing(got[1], expected[1]) - {"S0"}


def test_half_precision_is_rounded_once():
    """Computed in float32, returned in bfloat16."""
    arrays, _ = arrays_and_bars(2 * CHUNK + 3, 2)

    assert in_bfloat16_as_in_float32(example("gated_delta_rule").kernel, arrays)
    assert not in_bfloat16_as_in_float32(example("gated_delta_rule").reference, arrays)
