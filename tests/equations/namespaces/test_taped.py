"""The equations on nodes of a tape: values, cotangents, and what code may round there."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.equations.arithmetics.arithmetic import Exact
from bptt_check.equations.arithmetics.rounding import GridRounding
from bptt_check.equations.namespaces.taped import Taped
from bptt_check.equations.tape import Node, Tape

XP = Taped()
UNIT = 2.0**-40


def interpolated(z: float, rounding: bool = False) -> tuple[Node, Node]:
    """The pre-activation of a weight between 3 and 5, and the result."""
    tape = Tape(GridRounding(UNIT, 16) if rounding else Exact())
    entering = tape.input(np.array([z]))
    a, b = tape.input(np.array([3.0])), tape.input(np.array([5.0]))
    result = XP.lerp(a, b, XP.sigmoid(entering))
    tape.backward(result)
    return entering, result


@pytest.mark.parametrize("z", [-3.0, 0.0, 0.5, 4.0])
def test_lerp_is_what_it_says(z):
    """`3 + 2 sigmoid(z)` and its slope."""
    entering, result = interpolated(z)
    s = 1 / (1 + np.exp(-z))

    assert result.value[0, 0] == pytest.approx(3 + 2 * s, rel=1e-15)
    assert entering.cotangent[0, 0] == pytest.approx(2 * s * (1 - s), rel=1e-13)


@pytest.mark.parametrize("z", [-60.0, 60.0])
def test_lerp_knows_the_slope_of_its_weight_to_a_rounding_of_one(z):
    """Whoever has `1 - sigmoid(-z)` has no digit of it there; the terms are 3 and 5."""
    entering, _ = interpolated(z, rounding=True)
    scatter = np.ptp(entering.cotangent) / UNIT

    assert 3.0 < scatter < 40.0


def test_a_sigmoid_that_is_no_weight_keeps_its_digits():
    """The sibling: of a gate of its own the slope is as good as the gate."""
    tape = Tape(GridRounding(UNIT, 16))
    entering = tape.input(np.array([-60.0]))
    tape.backward(XP.sigmoid(entering))

    assert np.ptp(entering.cotangent) < 100.0 * UNIT * np.exp(-60.0)
