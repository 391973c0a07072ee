"""Large cases: oracles that measure along directions pass right gradients and reject wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bptt_reference
import numpy as np
import pytest

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.exact import exact_gradients
from bptt_check.runs.check import Setup, check_case

NUMPY_ALONE = ("finite_difference", "complex_step")
"""What there is where nothing is installed but NumPy."""

LARGE = [
    "rnn-tanh T=129 B=3 D=5 H=9 O=4 seed=3",
    "rnn-relu T=65 B=3 D=5 H=9 O=4 seed=3",
    "lstm+2layers T=40 B=2 D=17 H=8 O=3 seed=1",
    "gru+bidirectional T=33 B=5 D=3 H=8 O=3 lengths seed=2",
    "lstm+linear T=65 B=2 D=3 H=8 O=3 k1=16 k2=24 seed=4",
    "gru-reset-before T=8 B=9 D=65 H=33 O=17 seed=5",
    "lstm T=64 B=4 D=8 H=8 O=4 dtype=float32 seed=6",
    "rnn-tanh T=100 B=2 D=2 H=16 O=3 regime=vanishing seed=7",
]


def judged(text: str, change: Callable[[Any], None] = lambda grads: None, *names: str) -> Any:
    """The report on the reference, its gradients changed, on a large case."""

    def subject(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        grads = {n: np.array(g) for n, g in grads.items()}
        change(grads)
        return loss, grads

    return bc.check(subject, Spec.parse(text).build(), names or NUMPY_ALONE)


def one_entry(name: str, factor: float) -> Callable[[Any], None]:
    """One entry of one gradient, the largest, times a factor."""

    def change(grads: Any) -> None:
        largest = np.unravel_index(np.argmax(np.abs(grads[name])), grads[name].shape)
        grads[name][largest] *= factor

    return change


@pytest.mark.parametrize("text", LARGE)
@pytest.mark.parametrize("name", NUMPY_ALONE)
def test_slopes_stay_within_their_bounds(text, name):
    """Those of the exact gradient, along the very same directions."""
    case = Spec.parse(text).build()
    if name == "complex_step" and case.model.activation == "relu":
        pytest.skip("not analytic")
    result, exact = oracles.load_oracle(name)(case), exact_gradients(case)
    rounding = conditioning(case, "float64")

    assert set(result.along) == set(case.inputs)
    for n, along in result.along.items():
        error = np.abs(result.grads[n] - along.slopes(exact[n]))
        assert np.all(error <= result.bounds[n] + along.reach(12 * rounding.error(n))), n
        sharp = result.bounds[n] < 1e-5 * np.sqrt(np.square(exact[n]).sum())
        assert np.median(sharp) == 1.0, n


@pytest.mark.parametrize("text", LARGE)
def test_right_gradients_pass_with_numpy_alone(text):
    """Every gradient is decided, along directions, and no entry is claimed."""
    report = judged(text)
    rows = [r for r in report.rows if r.verdict == "pass"]

    assert report.verdict == "pass", report.message
    assert {r.parameter for r in rows} == set(report.case.inputs)
    assert all(r.directions == 4 and r.index == () and np.isnan(r.floor) for r in rows)


@pytest.mark.parametrize("text", LARGE)
def test_one_entry_of_one_percent_fails_with_numpy_alone(text):
    """A single weight of the recurrence among all."""
    report = judged(text, one_entry("W_hh_l0", 1.01))

    assert report.verdict == "fail", report.message
    assert {r.parameter for r in report.rows if r.verdict == "fail"} == {"W_hh_l0"}
    assert "worst slope of W_hh_l0 along 4 directions" in report.message
    assert "worst entry" not in report.message


@pytest.mark.parametrize("text", LARGE)
def test_torch_names_the_entry_that_directions_only_see(text):
    """Where one oracle measures entries, the message is about these."""
    pytest.importorskip("torch")
    report = judged(text, one_entry("W_hh_l0", 1.01), *NUMPY_ALONE, "torch")
    failed = {r.oracle: r for r in report.rows if r.verdict == "fail"}

    assert {*failed} >= {"finite_difference", "torch"}
    assert (failed["torch"].wrong, failed["torch"].directions) == (1, 0)
    assert f"worst entry W_hh_l0[{', '.join(map(str, failed['torch'].index))}]" in report.message
    assert f"wrong: W_hh_l0 (1 of {failed['torch'].entries})" in report.message


def test_gradient_of_x_that_is_doubled_at_one_step_fails():
    """Of all sequences, and of one, which its own slopes show."""

    def all_of_it(grads: Any) -> None:
        grads["x"][70] *= 2.0

    def of_one(grads: Any) -> None:
        grads["x"][70, 1] *= 2.0

    whole, one = judged(LARGE[0], all_of_it), judged(LARGE[0], of_one)

    for report, slopes in ((whole, 12), (one, 4)):
        assert (report.verdict, report.parameter) == ("fail", "x")
        assert "going backwards" not in report.message
        assert {r.wrong for r in report.rows if r.verdict == "fail"} == {slopes}


def test_lost_digits_are_imprecise_with_numpy_alone():
    """float32 inside float64: every gradient is off, by no more than that."""

    def subject(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(replace(case, dtype="float32", spec=None))
        return loss, {n: g.astype(np.float64) for n, g in grads.items()}

    on_grid = Spec.parse(f"{LARGE[0]} dtype=float32").build()
    case = replace(on_grid, dtype="float64", spec=None)
    report = bc.check(subject, case, NUMPY_ALONE)

    assert report.verdict == "imprecise", report.message
    assert "float32 inside" in report.message


def test_one_wrong_entry_is_not_taken_for_lost_digits():
    """A thousandth of one among 1,000: along every direction, and more than float32 leaves."""
    report = judged(LARGE[5], one_entry("W_hh_l0", 1.001))

    assert report.verdict == "fail", report.message


def test_a_kink_at_the_point_is_accepted_from_either_side():
    """Zero inputs put every relu of the first layer on its kink at the first step."""
    text = "rnn-relu+nobias T=65 B=2 D=5 H=9 O=4 inputs=zero initial_state=zero"
    report = judged(text)

    assert report.verdict in ("pass", "inconclusive"), report.message
    assert not any(r.verdict == "fail" for r in report.rows)


def test_wrong_slope_beside_a_kink_fails():
    """A backward pass that takes every relu for the identity."""

    def subject(case: Case) -> Any:
        identity = replace(case, model=replace(case.model, activation="identity"), spec=None)
        return bptt_reference.loss_and_grads(case)[0], bptt_reference.loss_and_grads(identity)[1]

    report = bc.check(subject, Spec.parse(LARGE[1]).build(), ["finite_difference"])

    assert report.verdict == "fail", report.message


def test_oracles_that_exclude_each_other_along_a_direction_are_inconclusive():
    """The entries of one are compared with the slopes of the other."""

    class Wrong:
        name = "wrong"

        def __call__(self, case: Case) -> Any:
            grads = exact_gradients(case)
            grads["W_hh_l0"][2, 1] *= 1.01
            return bc.Result(bptt_reference.loss_and_grads(case)[0], grads)

    setup = Setup((Wrong(), oracles.load_oracle("complex_step")))
    report = check_case(bptt_reference.loss_and_grads, Spec.parse(LARGE[0]).build(), setup)

    assert report.verdict == "inconclusive"
    assert "the oracles disagree along a direction through W_hh_l0" in report.message
