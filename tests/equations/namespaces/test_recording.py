"""The namespace that records: its values are NumPy's, and it keeps what it was asked to keep."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.equations.namespaces.recording import Recording


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "softplus", "log_softmax"])
def test_values_are_those_of_numpy_and_arguments_are_kept(name):
    """The values are NumPy's, and what went in is kept."""
    z = np.array([[-3.0, 0.0, 2.0]])
    xp = Recording()
    plain = getattr(super(Recording, xp), name)(z)

    assert np.array_equal(getattr(xp, name)(z), plain)
    assert [(n, a.tolist()) for n, a in xp.calls] == [(name, z.tolist())]
    assert xp.largest(name) == 3.0
    assert xp.largest("other") == 0.0


def test_only_the_named_functions_are_recorded():
    """What nobody asks for is not kept in memory."""
    z = np.array([[1.0]])
    xp = Recording("relu")
    xp.tanh(z)
    xp.relu(2.0 * z)

    assert [a.tolist() for a in xp.arguments("relu")] == [[[2.0]]]
    assert xp.arguments("tanh") == []
