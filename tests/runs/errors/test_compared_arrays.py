"""The wrong gradients of a small case, entry by entry."""

from __future__ import annotations

import numpy as np
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.runs.errors.compared_arrays import MOST_ARRAYS, compared_arrays

SPEC = "lstm T=2 B=2 D=2 H=3 O=2"


def checked(*wrong: str, factor: float = 2.0, spec: str = SPEC) -> bc.CaseReport:
    """The check of a case of which some gradients are multiplied in their last row."""

    def subject(case):
        loss, grads = loss_and_grads(case)
        for name in wrong or grads:
            grads[name] = np.array(grads[name])
            grads[name][-1] *= factor
        return loss, grads

    return bc.check(subject, spec)


def test_a_wrong_gradient_is_kept_with_what_is_right() -> None:
    """Its entries in order, those over budget, and the gates of its rows."""
    (one,) = compared_arrays(checked("W_hh_l0"))
    got, want = (np.reshape(v, one.shape) for v in (one.got, one.want))

    assert (one.parameter, one.shape, one.gates) == ("W_hh_l0", (12, 3), ("i", "f", "g", "o"))
    assert one.over == (33, 34, 35)
    np.testing.assert_allclose(got[-1], 2 * want[-1])
    np.testing.assert_allclose(got[:-1], want[:-1], rtol=1e-8)


def test_rows_of_an_input_have_no_gates() -> None:
    """Nor those of the readout."""
    assert {one.gates for one in compared_arrays(checked("x", "W_hy"))} == {()}


def test_what_is_right_what_is_large_and_what_is_too_much_is_not_kept() -> None:
    """A reader compares a few numbers."""
    assert compared_arrays(checked("W_hy", factor=1.0)) == ()
    large = checked("W_hh_l0", spec="lstm T=2 B=2 D=2 H=9 O=2")
    assert not large.passed
    assert compared_arrays(large) == ()
    assert len(compared_arrays(checked())) == MOST_ARRAYS


def test_a_subject_that_raises_has_none() -> None:
    """There is no answer."""
    assert compared_arrays(bc.check(lambda case: 1 / 0, SPEC)) == ()
