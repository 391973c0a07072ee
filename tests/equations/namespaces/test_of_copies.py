"""NumPy's functions of copies, against those of plain copies."""

from __future__ import annotations

import numpy as np
import pytest
from support.copied import ROWS, imaginary, moved, same

from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.namespaces.of_copies import NEAR, NumPyOfMoved, OfCopies


@pytest.mark.parametrize("make", [moved, imaginary])
def test_copies_and_arrays_are_joined(make):
    """Stacked, put side by side, or chosen from; one of them has no copies at all."""
    rng, xp = np.random.default_rng(4), OfCopies()
    (a, plain_a), (b, plain_b) = make(rng, (0, 3)), make(rng, (5, 6))
    array = rng.normal(size=(3, 3))
    plain = np.repeat(array[None], ROWS, axis=0)
    condition = np.array([[True], [False], [True]])

    assert same(xp.stack([a, b, array]), np.stack([plain_a, plain_b, plain], axis=-3))
    assert same(xp.concat([a, array, b]), np.concatenate([plain_a, plain, plain_b], axis=-1))
    assert same(xp.where(condition, a, b), np.where(condition, plain_a, plain_b))
    assert same(xp.where(condition, array, b), np.where(condition, plain, plain_b))
    assert np.array_equal(xp.stack([array, array]), np.stack([array, array]))


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "exp", "softplus", "log_softmax"])
@pytest.mark.parametrize("size", [1.0, 3.0 * NEAR])
def test_functions_are_those_of_numpy(name, size):
    """Of every copy, also where it lies far from the others."""
    a, plain = moved(np.random.default_rng(5), (2, 6))
    a.rows[...] *= size
    plain[2:6] *= size
    with np.errstate(over="ignore"):
        got, want = getattr(NumPyOfMoved(), name)(a), getattr(NumPy(), name)(plain)
        alone = getattr(NumPyOfMoved(), name)(a.base)

    assert got.within(0, ROWS) == pytest.approx(want, rel=1e-13, abs=1e-13)
    assert np.array_equal(alone, getattr(NumPy(), name)(a.base))
