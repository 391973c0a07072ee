"""Which cases are measured along directions, and that many directions fit into one pass."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.directions import is_per_sequence
from bptt_check.equations.directional import directions_of


@pytest.mark.parametrize(
    ("text", "large"),
    [
        ("rnn-tanh T=16 B=3 D=4 H=5 O=3", False),
        ("lstm T=6", False),
        ("lstm T=60", True),
        ("rnn-tanh T=8 H=129", True),
        ("rnn-tanh+2layers T=300 B=1 D=1 H=1 O=2", True),
        ("rnn-tanh T=30 B=1 D=1 H=2 O=2", False),
        ("lstm T=2 B=2 D=15 H=2 O=16", False),
        ("lstm T=2 B=127 D=15 H=2 O=127", True),
        ("rnn-tanh T=30 B=1 D=1 H=2 O=2 k1=1 k2=20", True),
    ],
)
def test_entries_times_steps_decide(text, large):
    """Steps of all windows, layers and directions count: each is one of every forward pass; so do
    the sequences and outputs that a pass computes.
    """
    case = Spec.parse(text).build()

    assert list(directions_of(case)) == (list(case.inputs) if large else [])


def test_directions_depend_on_name_and_shape_only():
    """They know nothing of the numbers of a case; another name has others."""
    one, other = (directions_of(Spec.parse(f"lstm T=60 seed={n}").build()) for n in (1, 2))

    assert all(np.array_equal(one[n].signs, other[n].signs) for n in one)
    assert not np.array_equal(one["h0"].signs, one["c0"].signs)
    assert all(set(np.unique(along.signs)) == {-1.0, 1.0} for along in one.values())


@pytest.mark.parametrize("text", ["rnn-tanh T=200 B=9 D=1 H={} O=2", "gru+mse T=300 D=2 H={} O=4"])
@pytest.mark.parametrize("H", [1, 2, 3, 4])
def test_no_gradient_of_few_entries_is_out_of_sight(text, H):
    """As many directions as entries are independent; of a sequence its own entries count."""
    few = 0
    for name, along in directions_of(Spec.parse(text.format(H)).build()).items():
        rows = along.signs[:, :, -1] if is_per_sequence(name) else along.signs
        matrix = rows.reshape(len(along), -1)
        if matrix.shape[1] <= len(along):
            few += 1
            assert np.linalg.matrix_rank(matrix) == matrix.shape[1], name
    assert few >= 2


def test_both_weights_of_two_classes_are_seen():
    """Their gradients are equal and opposite."""
    case = Spec.parse("rnn-tanh T=100 B=65 D=1 H=1 O=2 regime=tiny inputs=subnormal").build()
    slopes = directions_of(case)["W_hy"].slopes(np.array([[0.25], [-0.25]]))

    assert sorted(np.abs(slopes).tolist()) == [0.0, 0.0, 0.5, 0.5]
