"""The wrong gradients of a small case, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support import own_arrays

import bptt_check as bc
from bptt_check.runs.errors.compared_arrays import (
    MOST_ARRAYS,
    NUMBERS_OF_PART,
    compared_arrays,
    compared_gradient,
)
from bptt_check.runs.own_arrays import layout_of

SPEC = "lstm T=2 B=2 D=2 H=3 O=2"


def checked(
    *wrong: str, factor: float = 2.0, spec: str = SPEC, oracles: Sequence[str] = ("complex_step",)
) -> bc.CaseReport:
    """The check of a case of which some gradients are multiplied in their last row."""

    def subject(case):
        loss, grads = loss_and_grads(case)
        for name in wrong or grads:
            grads[name] = np.array(grads[name])
            grads[name][-1] *= factor
        return loss, grads

    return bc.check(subject, spec, oracles)


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


def test_what_is_right_and_what_is_too_much_is_not_kept() -> None:
    """A reader compares a few arrays."""
    assert compared_arrays(checked("W_hy", factor=1.0)) == ()
    assert len(compared_arrays(checked())) == MOST_ARRAYS


def test_of_a_large_array_the_rows_furthest_off_are_kept() -> None:
    """A reader compares a few numbers: here those of 14 rows with 9 of each, the last among them,
    which alone is wrong.
    """
    report = checked("W_hh_l0", spec="lstm T=2 B=2 D=2 H=9 O=2")
    (one,) = compared_arrays(report)
    got, want = (np.reshape(v, (14, 9)) for v in (one.got, one.want))

    assert (one.shape, len(one.rows), one.rows[-1]) == ((36, 9), NUMBERS_OF_PART // 9, 35)
    assert list(one.rows) == sorted(set(one.rows))
    assert one.over == tuple(range(13 * 9, 14 * 9))
    np.testing.assert_array_equal(got, report.evidence.result.grads["W_hh_l0"][list(one.rows)])
    np.testing.assert_allclose(got[-1], 2 * want[-1])


def test_a_large_vector_is_kept_in_part_too() -> None:
    """A row of it is an entry."""
    (one,) = compared_arrays(checked("b_y", spec="rnn-tanh T=1 B=1 D=1 H=1 O=260"))

    assert (one.shape, len(one.got), one.rows[-1]) == ((260,), NUMBERS_OF_PART, 259)


def test_what_is_right_is_told_by_the_oracle_that_is_least_wrong() -> None:
    """Differences are off by more than a complex step is, whichever was asked first."""
    report = checked("W_hy", oracles=("finite_difference", "complex_step"))

    assert {one.oracle for one in compared_arrays(report)} == {"complex_step"}


def test_one_gradient_of_a_case_is_found_if_it_is_wrong() -> None:
    """And a right one is not."""
    report = checked("W_hy")

    assert compared_gradient(report, "W_hy") == compared_arrays(report)
    assert compared_gradient(report, "b_y") == ()


@pytest.mark.parametrize(
    ("kind", "called", "shape", "gates", "over"),
    [
        ("renamed", "V0", (12, 3), ("i", "f", "g", "o"), [(0, 0)]),
        ("transposed", "Wh", (3, 12), ("i", "f", "o", "c"), [(0, 11), (1, 11), (2, 11)]),
        ("stacked", "Wall[:H]", (3, 12), ("i", "f", "g", "o"), []),
        ("split", "Vc", (3, 3), (), [(n, m) for n in range(3) for m in range(3)]),
    ],
)
def test_they_are_in_the_arrays_of_the_subject(kind, called, shape, gates, over) -> None:
    """As its debugger has them: its names, its axes, its order of gates; of a matrix per gate only
    what is wrong. An array that has two gradients is shown in the part that is wrong.
    """
    wrong = own_arrays.subject(kind, own_arrays.spoil)
    report = bc.check(wrong, SPEC)
    own = layout_of(wrong, report.case)
    found = {one.parameter: one for one in compared_arrays(report, own)}
    one = found.get("W_hh_l0")

    if kind == "stacked":  # its last row is that of an input
        assert (one, found["W_xh_l0"].called) == (None, "Wall[H:]")
        return
    assert (one.called, one.shape, one.gates) == (called, shape, gates)
    assert [divmod(n, shape[1]) for n in one.over] == over
    np.testing.assert_allclose(
        np.reshape(one.got, shape)[tuple(np.transpose(over))],
        2 * np.reshape(one.want, shape)[tuple(np.transpose(over))],
    )


def test_a_training_step_is_no_gradient() -> None:
    """It is wrong by its definition, which no oracle measured."""

    def subject(case):
        return loss_and_grads(case)

    subject.clip = lambda grads, limit: grads  # type: ignore[attr-defined]
    report = bc.check(subject, SPEC)

    assert "definition" in {row.oracle for row in report.rows if row.verdict.failing}
    assert compared_arrays(report) == ()


def test_a_subject_that_raises_has_none() -> None:
    """There is no answer."""
    assert compared_arrays(bc.check(lambda case: 1 / 0, SPEC)) == ()
