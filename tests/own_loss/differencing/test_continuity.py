"""Jumps of a function, told from steep places, poles and trajectories that diverge."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bptt_check.own_loss.differencing.continuity import jump_between

NARROWEST = 2.0**-50


def jump(value: Callable[[float], float], low: float = 0.25, high: float = 0.375) -> float:
    return jump_between(value, low, high, NARROWEST)


@pytest.mark.parametrize("size", [0.01, 1.0, 50.0])
def test_size_of_a_jump_is_found(size: float) -> None:
    """Beside a smooth part."""
    found = jump(lambda t: math.sin(t) + size * (t > 0.3))

    assert found == pytest.approx(size, rel=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_rounding_of_a_coarse_arithmetic_jumps(dtype: str) -> None:
    """By the distance of its numbers."""
    found = jump(lambda t: float(np.dtype(dtype).type(t)))

    assert found == pytest.approx(float(np.spacing(np.dtype(dtype).type(0.3))))


@pytest.mark.parametrize(
    "value",
    [
        math.exp,
        lambda t: math.tanh(1e9 * (t - 0.3)),
        lambda t: math.sin(1e8 * t),
        lambda t: abs(t - 0.3),
        lambda t: 1.0 / (t - 0.3),
        lambda t: 2.0,
        lambda t: math.sin(1e17 * t),
        lambda t: math.nan if t > 0.3 else t,
    ],
    ids=["smooth", "steep", "fast", "kink", "pole", "constant", "chaos", "edge of a domain"],
)
def test_what_only_looks_like_a_jump_from_afar_is_none(value: Callable[[float], float]) -> None:
    """However fast it varies."""
    assert jump(value) == 0.0


@pytest.mark.parametrize("narrowest", [0.0, 1e-30, 2.0**-60])
def test_search_ends_where_no_number_lies_between(narrowest: float) -> None:
    """An interval beside 0.3 cannot become narrower than two neighbouring numbers."""
    assert jump_between(lambda t: 7.0 * (t > 0.3), 0.25, 0.375, narrowest) == 7.0
    assert jump_between(math.exp, 0.25, 0.375, narrowest) == 0.0
