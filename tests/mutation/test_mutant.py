"""An edited copy is wrong where its edit says, and leaves no trace."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import bptt_check as bc
from bptt_check.mutation import Mutant, Scope, mutants, original

SAMPLE = f"{Path(__file__).parents[1] / 'support' / 'mutation_sample.py'}:loss_and_grads"
CASE = bc.Spec.parse("lstm T=3 B=2 D=2 H=3 O=2 seed=1").build()
LSTM = Scope(("lstm.backward",))


def named(part: str) -> Mutant:
    """The mutant of the LSTM whose name ends so."""
    (mutant,) = [m for m in mutants(scope=LSTM) if m.name.endswith(part)]
    return mutant


def test_edited_copy_is_wrong_where_the_edit_says():
    """The forget gate's rows are wrong, the others and the loss are not."""
    loss, grads = original(
        "bptt_reference", "bptt_reference:loss_and_grads", {"bptt_reference.lstm": {}}
    )(CASE)
    wrong_loss, wrong = named("f_bar: c_prev -> f").subject()(CASE)
    rows = ~np.isclose(grads["b_h_l0"], wrong["b_h_l0"])

    assert wrong_loss == loss
    assert set(np.flatnonzero(rows)) <= set(range(12))
    assert set(np.flatnonzero(rows)) >= {3, 4, 5}
    assert np.array_equal(grads["W_hy"], wrong["W_hy"])


def test_installed_package_is_untouched_by_a_mutant():
    """Loading and running a mutant leaves `sys.modules` and the original's answer as they were."""
    import bptt_reference

    before = {n: m for n, m in sys.modules.items() if n.startswith("bptt_reference")}
    right = bptt_reference.loss_and_grads(CASE)[1]["W_hh_l0"]
    named("c_t_bar: without c_t_bar += through_h").subject()(CASE)

    assert {n: m for n, m in sys.modules.items() if n.startswith("bptt_reference")} == before
    assert np.array_equal(bptt_reference.loss_and_grads(CASE)[1]["W_hh_l0"], right)


def test_override_takes_the_place_of_an_attribute():
    """A copy can be given another attribute, as a proof needs that runs it on other numbers."""
    seen: list[bc.Case] = []
    overrides = {"bptt_reference.check": {"check": seen.append}}
    subject = named("f_bar: c_prev -> f").subject(overrides)

    subject(CASE)

    assert seen == [CASE]


def test_subject_in_a_file_can_be_edited():
    """A subject in a file of its own: all its functions are edited, and the edits are wrong."""
    every = {m.name: m for m in mutants(SAMPLE)}
    shifted = next(m for n, m in every.items() if n.endswith("(h_prev, x_t): t -> t + 1"))
    case = bc.Spec.parse("rnn-identity+linear T=3 B=2 D=3 H=3 seed=2").build()

    report = bc.check(shifted.subject(), case, ["complex_step"])

    assert shifted.equations == ("1.2",)
    assert report.verdict == "fail"
    assert {r.parameter for r in report.rows if r.verdict == "fail"} == {"W_hh_l0"}
