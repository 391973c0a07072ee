"""The exact gradient by the tape."""

from __future__ import annotations

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.equations.exact import exact_gradients


@pytest.mark.parametrize("truncation", [None, bc.Truncation(2, 3)])
def test_the_tape_has_the_exact_gradient(truncation: bc.Truncation | None) -> None:
    """The gradient that conventions are compared with is right, truncated or not."""
    case = bc.Spec(bc.Model("gru", layers=2), bc.Sizes(6, 2, 3, 4, 2), truncation).build()
    _, want = loss_and_grads(case)

    got = exact_gradients(case)

    assert all(np.allclose(got[n], want[n], rtol=1e-11, atol=1e-14) for n in want)
