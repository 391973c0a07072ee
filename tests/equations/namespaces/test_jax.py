"""The namespace of JAX: its gate functions keep the digits of their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")
namespace: Any = pytest.importorskip("bptt_check.equations.namespaces.jax")


def test_saturated_slopes_keep_digits() -> None:
    """The slopes of saturated units are right to all their digits, not to those of 1."""
    z = np.array([-800.0, -40.0, -1.0, 0.0, 2.0, 40.0])
    with jax.enable_x64(True):
        ones = np.ones_like(z)
        _, tanh_slope = jax.jvp(namespace.Jax.tanh, (z,), (ones,))
        _, sigmoid_slope = jax.jvp(namespace.Jax.sigmoid, (z,), (ones,))

    small = np.exp(-np.abs(z))
    np.testing.assert_allclose(tanh_slope, (2 * small / (1 + small**2)) ** 2, rtol=1e-14)
    np.testing.assert_allclose(sigmoid_slope, small / (1 + small) ** 2, rtol=1e-14)
