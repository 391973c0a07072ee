"""The function that `gradcheck` is given."""

from __future__ import annotations

import bptt_reference
import numpy as np

import bptt_check as bc
from benchmarks.bench.measures.against_gradcheck import loss_of

CASE = bc.Spec.parse("lstm T=3 B=2 D=2 H=3 O=3 seed=1").build()


def test_forward_pass_gives_the_loss_of_the_case():
    """To rounding of a sum of T B terms; without gradients."""
    loss, _ = bptt_reference.loss_and_grads(CASE)

    assert abs(loss_of(CASE) - loss) <= 8 * np.finfo(float).eps * abs(loss)


def test_forward_pass_of_other_inputs_gives_another_loss():
    """So that a difference quotient of it says something."""
    moved = CASE.with_inputs({**CASE.inputs, "x": CASE.x + 0.1})

    assert loss_of(moved) != loss_of(CASE)
