"""A trial has what a subject answered beside the truth; a spec is asked about once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.implementations import Numpy, with_fault

import bptt_check as bc
from bptt_check.diagnosis.trials import Trial, Trials, all_reproduced, telling_specs, trial_of

SPEC = bc.Spec.parse("lstm T=3 B=2 D=2 H=3 O=2 seed=1")


def test_right_subject_has_nothing_wrong() -> None:
    """Neither loss nor any block of any gradient."""
    trial = trial_of(Numpy(), SPEC.build())

    assert trial is not None
    assert trial.is_right()
    assert trial.wrong == frozenset()


def test_wrong_gate_is_the_only_wrong_block() -> None:
    """A gradient is cut by gates: a fault of one gate leaves the rows of the others right."""
    trial = trial_of(with_fault("f_slope"), SPEC.build())

    assert trial is not None
    assert not trial.is_right()
    assert trial.has_loss(trial.want_loss)
    assert {gate for name, gate in trial.wrong if name == "b_h_l0"} >= {1}
    assert ("W_hy", 0) not in trial.wrong


def test_loss_that_is_not_finite_is_no_loss() -> None:
    """It would be as near as any."""
    trial = trial_of(Numpy(), SPEC.build())

    assert trial is not None
    assert not any(trial.has_loss(loss) for loss in (np.inf, -np.inf, np.nan))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_candidate_that_is_not_finite_reproduces_nothing(value: float) -> None:
    """Of a gradient with one such entry; all other gradients are reproduced."""
    trial = trial_of(with_fault("f_slope"), SPEC.build())
    assert trial is not None
    candidate = {n: g.copy() for n, g in trial.got.items()}
    candidate["W_hh_l0"][0, 0] = value

    reproduced = trial.reproduced_by(candidate)

    assert {name for name, _ in trial.blocks.keys() - reproduced} == {"W_hh_l0"}
    assert trial.reproduced_by(trial.got) == trial.blocks.keys()


def halved(case: bc.Case) -> Any:
    """Half of every gradient."""
    loss, grads = Numpy()(case)
    return loss, {name: 0.5 * gradient for name, gradient in grads.items()}


@pytest.mark.parametrize(
    ("subject", "factor", "shown"),
    [(Numpy(), 1.0, False), (halved, 0.5, True), (halved, 1.0, False), (Numpy(), 0.5, False)],
    ids=["right gradients", "half of them", "the right ones for half", "half for the right ones"],
)
def test_match_shows_something_where_the_right_gradient_does_not(
    subject: Any, factor: float, shown: bool
) -> None:
    """A candidate that the right gradients match as well could not fail."""
    trials = Trials(subject).of([SPEC])

    assert all_reproduced(trials, lambda trial: trial.times(factor)) is shown


def test_match_that_could_not_fail_on_some_cases_shows_something_on_others() -> None:
    """One case that tells candidate and right gradient apart is enough."""
    trials = Trials(only_later_halved).of([SPEC, replace(SPEC, sizes=replace(SPEC.sizes, T=1))])

    def candidate(trial: Trial) -> Any:
        return trial.times(1.0 if trial.case.sizes.T == 1 else 0.5)

    assert all_reproduced(trials, candidate)
    assert not all_reproduced(trials[1:], candidate)


def only_later_halved(case: bc.Case) -> Any:
    """Right for one step."""
    return (Numpy() if case.sizes.T == 1 else halved)(case)


def test_subject_that_raises_has_no_trial() -> None:
    """What gives no gradient cannot be compared with any."""

    def raises(case: bc.Case) -> object:
        raise ValueError

    assert trial_of(raises, SPEC.build()) is None
    assert Trials(raises).of([SPEC]) == []


def test_spec_is_asked_about_once() -> None:
    """Whoever asks again gets the same trial."""
    asked: list[bc.Spec | None] = []

    def subject(case: bc.Case) -> object:
        asked.append(case.spec)
        return Numpy()(case)

    trials = Trials(subject)
    (first,), (second,) = trials.of([SPEC, SPEC]), trials.of([SPEC])

    assert first is second
    assert asked == [SPEC]


def test_telling_specs_are_crafted_then_drawn() -> None:
    """Small cases of which no two sizes are alike, then the longest of those that failed."""
    failing = [bc.Spec.parse(f"lstm T={T} B=2 seed={T}") for T in (2, 5, 9, 40)]

    specs = telling_specs(failing)

    assert [s.sizes.T for s in specs] == [3, 2, 5, 1, 9, 5, 2]


def test_ordinary_cases_tell_most() -> None:
    """Where everything is zero or alike different mistakes give the same; where all failing cases
    start from zero, those that are crafted do too, as it may be all that a subject takes.
    """
    zeros = [bc.Spec.parse(f"lstm T={T} initial_state=zero inputs=zero") for T in (7, 8)]
    states = bc.Spec.parse("lstm T=5 initial_state=zero")
    ordinary = bc.Spec.parse("lstm T=2 seed=4")

    assert {s.initial_state for s in telling_specs(zeros)} == {"zero"}
    assert {(s.initial_state, s.inputs) for s in telling_specs([*zeros, states])[:4]} == {
        ("zero", "random")
    }
    alike = bc.Spec.parse("lstm T=3 inputs=alike seed=5")
    assert {(s.initial_state, s.inputs) for s in telling_specs([states, alike])[:4]} == {
        ("random", "random")
    }
    specs = telling_specs([*zeros, states, ordinary])
    assert {(s.initial_state, s.inputs) for s in specs[:4]} == {("random", "random")}
    assert specs[4:] == [ordinary, states, zeros[1]]


def test_large_cases_are_drawn_last() -> None:
    """They tell no more than small ones, and take longer."""
    failing = [
        bc.Spec.parse(f"lstm {sizes}") for sizes in ("T=13", "T=12", "T=300 H=18", "T=2 H=17")
    ]

    assert telling_specs(failing)[4:] == [failing[n] for n in (1, 3, 0)]
