"""Products whose factors are read on few bits."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.equations.arithmetics.fewer_bits import fewer_bits


@pytest.mark.parametrize(
    ("digits", "to_integer", "read"),
    [(11, np.rint, 1.0 + 2.0**-9), (11, np.trunc, 1.0 + 2.0**-10), (8, np.rint, 1.0)],
)
def test_factors_are_read_on_so_many_bits(digits, to_integer, read):
    """To the nearest, or towards zero; the sum is exact."""
    a, one = np.array([[1.0 + 1.75 * 2.0**-10]]), np.array([[1.0]])

    assert fewer_bits(digits, to_integer).product(a @ one, a, one)[0, 0] == read


def test_zeros_and_exact_factors_stay():
    """What fits is not changed, of whatever size it is."""
    a = np.array([[0.0, -3.0, 2.0**-100, 1e30 * 0.0]])

    assert np.array_equal(fewer_bits(8, np.rint).product(a @ a.T, a, a.T), a @ a.T)
