"""Which signs samples leave open, and with them which slopes of relu."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.equations.arithmetics.arithmetic import has_either_sign, kinks_of


@pytest.mark.parametrize(
    ("samples", "either"),
    [
        ([-1.0, 1.0], True),
        ([1.0, 2.0], True),
        ([-2.0, -1.0], True),
        ([3.0, 4.0], False),
        ([-4.0, -3.0], False),
        ([0.0, 0.0], True),
        ([1e-300, 1e-300], False),
    ],
)
def test_a_sign_is_open_as_far_as_right_values_may_lie_beyond_samples(samples, either):
    """Two ranges beyond them, to either side."""
    assert bool(has_either_sign(np.array(samples))) == either


def test_rounding_decides_at_a_kink_unless_all_samples_are_zero():
    """Then everybody has zero there."""
    kinks = kinks_of(np.array([[-1.0, 0.0, 5.0], [1.0, 0.0, 6.0]]))

    assert kinks.places.tolist() == [True, True, False]
    assert kinks.crossed.tolist() == [True, False, False]
