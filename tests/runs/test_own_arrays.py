"""Which of a subject's own arrays are wrong, where, and what a run records of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.own_arrays import CONVENTIONS, WRONG, report_of, spoil, subject
from support.right import right

import bptt_check as bc
from bptt_check.cases.own_names import OwnNames
from bptt_check.diagnosis.finding import Finding
from bptt_check.runs.own_arrays import in_own_names

CASE = "lstm T=3 B=2 D=4 H=3 O=3"
SAYS = {
    "renamed": ("V0", "V0[0, 0] (gate i, unit 0)", "V0 (1 of 36)", "U0, bias0, Wout, bout"),
    "transposed": ("Wh", "Wh[0, 11] (gate c, unit 2)", "Wh (3 of 36)", "Wx, bh, Wout, bout"),
    "stacked": ("Wall[H:]", "Wall[6, 0] (gate i, unit 0)", "Wall[H:] (1 of 48)", "Wall[:H], ball"),
    "split": ("Vc", "Vc[", "Vc (9 of 9)", "Vi, Vf, Vo, Ui, Uf, Uc, Uo, bi, bf, bc, bo, Wout"),
}
MEANT = dict.fromkeys(CONVENTIONS, "W_hh_l0") | {"stacked": "W_xh_l0"}
"""What is wrong in the contract's name."""


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_a_message_names_the_array_that_is_wrong(kind):
    """Of several that are one of the contract; and the others of them as right."""
    report = bc.check(subject(kind, spoil), CASE, ["complex_step"])
    array, place, wrong, others = SAYS[kind]
    lines = report.message.splitlines()

    assert lines[0] == f"FAIL  lstm: the gradient of {array} is wrong"
    assert lines[2].startswith(f"  worst entry {place}")
    assert f"  wrong: {wrong}" in lines
    assert any(line.startswith(f"  right: {others}") for line in lines)


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_a_case_that_passes_has_the_names(kind):
    """All of them; there is nothing to say of shares."""
    report = bc.check(subject(kind), CASE, ["complex_step"])
    own = itertools.chain(*report_of(kind, False).run.own_arrays[0].names.values())

    assert str(report) == f"PASS  lstm: right are {', '.join(own)}"
    assert not any(row.shares for row in report.rows)


def test_shares_are_of_what_is_over_budget():
    """Where all four arrays of the gates are wrong, each has its share, and they are the whole."""

    def wrong(grads):
        grads["Vi"][0, 0] += 1.0
        grads["Vf"][:2] += 1.0

    row = next(
        r
        for r in bc.check(subject("split", wrong), CASE, ["complex_step"]).rows
        if r.parameter == "W_hh_l0"
    )

    assert {share.array: (share.wrong, share.entries) for share in row.shares} == {
        "W_hh_l0_i": (1, 9),
        "W_hh_l0_f": (6, 9),
        "W_hh_l0_c": (0, 9),
        "W_hh_l0_o": (0, 9),
    }
    assert row.wrong == 7


def test_two_arrays_with_the_same_entries_have_no_shares():
    """Of two biases that are added, an error is in both or nobody knows in which."""
    convention = bc.Convention(biases="two")

    def own(view):
        loss, grads = right(view.case)
        two = {"b_xh_l0": grads["b_h_l0"], "b_hh_l0": 1.5 * grads["b_h_l0"]}
        return loss, {n: g for n, g in grads.items() if n != "b_h_l0"} | two

    report = bc.check(convention.adapt(own), CASE, ["complex_step"])

    assert "the gradient of b_xh_l0, b_hh_l0 is wrong" in report.message
    assert not any(row.shares for row in report.rows)


@pytest.mark.parametrize("wrong", [True, False])
@pytest.mark.parametrize("kind", CONVENTIONS)
def test_the_rows_of_a_run_say_where_their_worst_entries_are(kind, wrong):
    """In an array that the subject has; the contract's names stay the keys."""
    run = report_of(kind, wrong).run
    (own,) = run.own_arrays
    arrays = {name.split("[")[0] for names in own.names.values() for name in names}

    assert own.model == "lstm"
    assert set(own.names) == {row.parameter for row in run.rows}
    for row in run.rows:
        assert row.worst_place.split("[")[0] in arrays
        assert row.worst_index
    failing = {row.worst_place.split("[")[0] for row in run.rows if row.verdict.failing}
    assert failing == ({WRONG[kind][0]} if wrong else set())


@pytest.mark.parametrize("wrong", [True, False])
@pytest.mark.parametrize("kind", CONVENTIONS)
def test_the_errors_are_in_the_layout_of_the_subject(kind, wrong):
    """As many, the largest where the worst entry is, all of the wrong part and no other."""
    for worst in report_of(kind, wrong).run.worst_entries:
        grids = [(np.array(grid.errors), grid) for grid in worst.own]
        assert sorted(np.concatenate([e.ravel() for e, _ in grids])) == sorted(
            np.ravel(worst.errors)
        )
        ((errors, grid),) = [(e, g) for e, g in grids if g.index]
        at = tuple(i - first for i, first in zip(grid.index, grid.first, strict=True))
        assert errors.reshape(grid.shape)[at] == max(e.max() for e, _ in grids)
        over = {g.array for e, g in grids if np.any(e > 1)}
        assert over == ({WRONG[kind][0]} if wrong and worst.parameter == MEANT[kind] else set())


def test_gates_are_in_the_order_of_the_subject():
    """In the columns of a transposed matrix; an array of one gate has none stacked."""
    by_kind = {
        kind: next(w for w in report_of(kind, False).run.worst_entries if w.parameter == "W_hh_l0")
        for kind in CONVENTIONS
    }

    assert by_kind["transposed"].own[0].gates == ("i", "f", "o", "c")
    assert by_kind["transposed"].own[0].axes == (1, 0)
    assert [grid.array for grid in by_kind["split"].own] == ["Vi", "Vf", "Vc", "Vo"]
    assert all(grid.gates == () for grid in by_kind["split"].own)
    assert by_kind["renamed"].gates == ("i", "f", "g", "o")


def test_all_words_of_a_finding_are_in_the_names_of_the_subject():
    """What else gives the same gradients, too; lines of the reference are as they stand there."""
    finding = Finding(
        "your gradient of b_h_l0 is late",
        "certain",
        condition="W_hh_l0 is large",
        right="b_h_bar += a_t_bar",
        alternatives=("the gradient of b_h_l0 is assigned", "`b_hh_l0` is left out"),
    )
    told = in_own_names(finding, OwnNames({"b_h_l0": "bias", "W_hh_l0": "V"}))

    assert told.sentence == "your gradient of bias is late"
    assert told.condition == "V is large"
    assert told.alternatives == ("the gradient of bias is assigned", "`b_hh_l0` is left out")
    assert told.right == finding.right


def test_a_subject_without_a_convention_has_no_own_arrays():
    """Nothing is recorded that says the same twice."""
    run = bc.verify(right, ["lstm"], 1, ["complex_step"], within="T=1 B=1 D=1 H=1 O=2").run

    assert run.own_arrays == ()
    assert {row.worst_place for row in run.rows} == {""}
    assert all(worst.own == () for worst in run.worst_entries)
