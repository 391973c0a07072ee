"""The namespace of NumPy: known values, no overflow, no lost digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bptt_check.equations.namespaces.numpy import NumPy

LN3 = math.log(3.0)


@pytest.mark.parametrize(
    ("function", "at", "value"),
    [
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", LN3, 0.75),
        ("sigmoid", -LN3, 0.25),
        ("sigmoid", 800.0, 1.0),
        ("sigmoid", -700.0, math.exp(-700.0)),
        ("softplus", 0.0, math.log(2.0)),
        ("softplus", 800.0, 800.0),
        ("softplus", -700.0, math.exp(-700.0)),
        ("tanh", LN3 / 2, 0.5),
        ("relu", 2.0, 2.0),
        ("relu", -2.0, 0.0),
    ],
)
def test_gate_functions_have_their_known_values(function, at, value):
    """The logistic is the logistic of x, not of 2x, and neither end overflows or loses digits."""
    with np.errstate(all="raise", under="ignore"):
        got = getattr(NumPy(), function)(np.array([at]))

    assert got[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("shift", [0.0, 1000.0, -1000.0])
def test_log_softmax_does_not_overflow(shift):
    """Only differences of logits count."""
    got = NumPy().log_softmax(np.array([0.0, LN3]) + shift)

    np.testing.assert_allclose(np.exp(got), [0.25, 0.75], rtol=1e-12)
