"""Conditions on values of a tape: which values are chosen, and what of the cotangent each gets."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.equations.namespaces.taped import Taped
from bptt_check.equations.tape import Tape

XP = Taped()
VALUES = np.array([[-1.0, 0.0, 2.0]])


def chosen_by(condition):
    """Values and cotangents of a choice between 10 z and -z by a condition on z."""
    tape = Tape()
    z = tape.input(VALUES)
    y = XP.where(condition(z), 10.0 * z, -z)
    tape.backward(y)
    return y.value[0, 0].tolist(), z.cotangent[0, 0].tolist()


@pytest.mark.parametrize(
    ("condition", "values", "slopes"),
    [
        (lambda z: z > 0.0, [1.0, 0.0, 20.0], [-1.0, -1.0, 10.0]),
        (lambda z: z >= 0.0, [1.0, 0.0, 20.0], [-1.0, 10.0, 10.0]),
        (lambda z: z < 1.0, [-10.0, 0.0, -2.0], [10.0, 10.0, -1.0]),
        (lambda z: z <= -1.0, [-10.0, 0.0, -2.0], [10.0, -1.0, -1.0]),
        (lambda z: ~(z > 0.0), [-10.0, 0.0, -2.0], [10.0, 10.0, -1.0]),
        (lambda z: (z > -2.0) & (z < 1.0), [-10.0, 0.0, -2.0], [10.0, 10.0, -1.0]),
        (lambda z: (z > 1.0) | (z < -0.5), [-10.0, 0.0, 20.0], [10.0, -1.0, 10.0]),
        (lambda z: (z > 0.0)[..., 2:], [-10.0, 0.0, 20.0], [10.0, 10.0, 10.0]),
        (lambda z: True, [-10.0, 0.0, 20.0], [10.0, 10.0, 10.0]),
    ],
)
def test_values_and_slopes(condition, values, slopes):
    """At equal numbers the slope is that of the branch that is taken, as in every framework."""
    assert chosen_by(condition) == (values, slopes)


def test_each_comparison_is_a_kink():
    """So whoever judges knows that both slopes are right there, and where."""
    tape = Tape()
    z = tape.input(VALUES)
    XP.maximum(z, 0.0)
    XP.clip(z, -1.0, 3.0)

    places = [k.places[0].tolist() for k in tape.relu_kinks]
    assert places == [[False, True, False], [True, False, False], [False] * 3]


def test_a_choice_between_numbers_has_no_derivative():
    """A step function is a constant almost everywhere."""
    z = Tape().input(VALUES)

    assert XP.where(z > 0.0, 1.0, 0.0).tolist() == [[[0.0, 0.0, 1.0]]]


def test_what_is_not_chosen_gets_nothing_of_an_infinite_cotangent():
    """Zero times infinity is no number."""
    tape = Tape()
    a, b = tape.input(VALUES), tape.input(VALUES)
    tape.backward(XP.where(a > 0.0, 2.0 * a, b), np.full((1, 1, 3), np.inf))

    assert a.cotangent.tolist() == [[[0.0, 0.0, np.inf]]]
    assert b.cotangent.tolist() == [[[np.inf, np.inf, 0.0]]]


def test_a_condition_is_no_answer_for_python():
    """`if`, `and` and `not` would take one for all entries."""
    z = Tape().input(VALUES)

    with pytest.raises(TypeError, match=r"choose by xp\.where"):
        bool(z > 0.0)
