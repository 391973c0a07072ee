"""The probes: cases with other cotangents, asked beside one with a linear loss."""

from __future__ import annotations

import numpy as np
import pytest
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.cases.follow_up import every_call
from bptt_check.cases.probes import SCALE, cotangents_of, probes
from bptt_check.equations.exact import exact_gradients
from bptt_check.subjects.calling import call

CASE = bc.Spec.parse("lstm+linear T=3 B=2 D=2 H=3").build()


@pytest.mark.parametrize(
    "text", ["lstm+linear T=3", "gru+linear T=1 B=1 D=1 H=1", "rnn-tanh+linear+last"]
)
def test_probes_are_zero_a_multiple_and_two_disjoint_parts(text):
    """Nothing, a multiple that is exact, and two parts that share no entry and make the whole."""
    case = bc.Spec.parse(text).build()
    asked = probes(case)
    names = cotangents_of(case)

    for name in names:
        whole = getattr(case, name)
        zero, scaled, one, rest = (
            getattr(asked[k], name) for k in ("zero", "scaled", "one", "rest")
        )
        assert not zero.any()
        assert np.array_equal(scaled / SCALE, whole)
        assert np.array_equal(one + rest, whole)
        assert not (one * rest).any()
    for kind in ("one", "rest"):
        assert any(getattr(asked[kind], n).any() for n in names)


def test_a_loss_that_is_not_linear_has_no_probes():
    """Nothing is asked of it."""
    assert probes(bc.Spec.parse("lstm+mse").build()) == {}
    case = bc.Spec.parse("lstm+mse").build()
    assert call(Numpy(), case, calls=every_call(case)).linear == {}


def test_cotangents_near_the_end_of_the_range_have_no_probes():
    """A case of the user's near the end of the range."""
    case = bc.Spec.parse("rnn-tanh+linear T=1 dtype=float32").build()
    large = bc.Case(
        **{n: getattr(case, n) for n in ("model", "params", "x", "h0", "dtype", "cotangent_h_n")},
        targets=np.full_like(case.targets, 1e38),
    )

    assert probes(large) == {}


def test_exact_gradients_of_the_parts_sum_to_that_of_the_case():
    """The reading of the probes agrees with the gradient itself."""
    asked = probes(CASE)
    whole = exact_gradients(CASE)
    parts = [exact_gradients(asked[k]) for k in ("one", "rest")]

    for name, gradient in whole.items():
        assert np.allclose(parts[0][name] + parts[1][name], gradient, rtol=1e-12, atol=1e-14)
        assert not exact_gradients(asked["zero"])[name].any()
