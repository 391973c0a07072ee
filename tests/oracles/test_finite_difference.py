"""Finite differences: never exact, always with a bound that holds."""

from __future__ import annotations

import numpy as np
import pytest
from support.drawn import specs_of_defaults
from support.own_cells import as_own
from support.right import RightOracle

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import Model
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.directional import directions_of
from bptt_check.equations.truncation import windows_of
from bptt_check.errors import Undecidable
from bptt_check.oracles.finite_difference import gradients, slopes_along

finite_difference = oracles.load_oracle("finite_difference", every_entry=True)
TINIEST = np.finfo(float).tiny


def exact(case: Case) -> dict[str, np.ndarray]:
    """Gradients that are exact up to rounding."""
    oracle = (
        RightOracle()
        if case.model.activation == "relu"
        else oracles.load_oracle("complex_step", every_entry=True)
    )
    return dict(oracle(case).grads)


def largest_ratio(case: Case, want: dict[str, np.ndarray]) -> float:
    """The largest error in bounds, with a little rounding of what is taken for the truth, and what
    its choice of a subgradient makes of it.
    """
    result, conditioned = finite_difference(case), conditioning(case, "float64")
    assert result.bounds is not None
    widths = {n: conditioned.subgradient_width(n) for n in want}
    ratios = [
        np.abs(result.grads[n] - a)
        / (result.bounds[n] + 12 * conditioned.error(n) + widths[n] + TINIEST)
        for n, a in want.items()
    ]
    return max(float(r[np.isfinite(r)].max(initial=0.0)) for r in ratios)


def drawn(regime: str, count: int) -> list[Spec]:
    """Cases of all default models in one regime."""
    return specs_of_defaults(
        count,
        within="T=1..8 B=1..4 D=1..5 H=1..5 O=1..4",
        dtypes=("float64", "float32"),
        spec=lambda spec: spec.regime == regime,
    )


@pytest.mark.parametrize("regime", REGIMES)
def test_error_stays_within_the_bound(regime):
    """Over some hundred cases of all models no entry is farther from the truth than its bound."""
    for spec in drawn(regime, 50):
        case = spec.build()
        assert largest_ratio(case, exact(case)) < 1.0, str(spec)


def test_error_stays_within_the_bound_where_the_loss_is_chaotic():
    """Eight saturated steps amplify the step twenty times each; the bound must know."""
    spec = "rnn-tanh+nobias T=8 B=3 D=5 H=5 O=3 regime=saturated seed=2620"
    case = Spec.parse(spec).build()

    assert largest_ratio(case, exact(case)) < 1.0


@pytest.mark.parametrize("text", ["rnn-relu+2layers", "lstm lengths", "gru+bidirectional+bce"])
@pytest.mark.parametrize("large", [False, True])
def test_moves_share_what_they_have_alike(text, large):
    """Slopes, bounds and kinks are those of inputs that are copied for every move, as a user's own
    cell gets them; by entry and by direction.
    """
    case = Spec.parse(f"{text} T={70 if large else 4} B=2 D=2 H={5 if large else 2} seed=2").build()
    along = directions_of(case)
    assert bool(along) == large
    (window,) = windows_of(case)
    with as_own(window.problem) as own:
        asked = (slopes_along, along) if large else (gradients,)
        _, slopes, bounds = asked[0](window.problem, *asked[1:])
        _, own_slopes, own_bounds = asked[0](own, *asked[1:])

    for name, slope in own_slopes.items():
        assert np.array_equal(np.isfinite(bounds[name]), np.isfinite(own_bounds[name]))
        decided = np.isfinite(bounds[name])
        reach = (bounds[name] + own_bounds[name])[decided]
        assert np.all(np.abs(slopes[name] - slope)[decided] <= 0.5 * reach), name
        assert bounds[name][decided] == pytest.approx(own_bounds[name][decided], rel=0.2)


def test_a_wrong_derivative_is_out_of_bounds():
    """The bound is not so large that anything goes: a millionth of the gradient exceeds it."""
    case = Spec.parse("lstm T=4").build()
    want = exact(case)
    wrong = {n: a * (1 + 1e-6) for n, a in want.items()}

    assert largest_ratio(case, want) < 1.0
    assert largest_ratio(case, wrong) > 1.0


@pytest.mark.parametrize("name", ["rnn-tanh", "rnn-relu", "lstm+2layers", "gru+bidirectional"])
def test_most_bounds_are_far_below_the_largest_gradient(name):
    """Most bounds lie nine digits below the largest gradient, none of them at zero."""
    case = Spec.parse(f"{name} T=5").build()
    result = finite_difference(case)
    bounds = np.concatenate([b.ravel() for b in result.bounds.values()])
    largest = max(np.abs(g).max() for g in result.grads.values())

    assert np.median(bounds) < 1e-9 * largest
    assert bounds.min() > 0


def relu_unit(a: float) -> Case:
    """Two units after one step; the first has pre-activation a, the second 1/2."""
    zero = np.zeros((1, 1, 2))
    return Case(
        model=Model("rnn", activation="relu", loss="linear"),
        params={"W_xh_l0": np.ones((2, 1)), "W_hh_l0": np.zeros((2, 2)), "b_h_l0": [a, 0.5]},
        x=np.zeros((1, 1, 1)),
        h0=zero,
        targets=np.ones((1, 1, 2)),
        cotangent_h_n=zero,
    )


def test_on_a_kink_the_bound_reaches_to_both_sides():
    """Exactly on the kink the one-sided derivatives 0 and 1 are found, and nothing outside."""
    result = finite_difference(relu_unit(0.0))

    assert result.grads["b_h_l0"] == pytest.approx([0.5, 1.0], abs=1e-9)
    assert result.bounds["b_h_l0"] == pytest.approx([0.5, 0.0], abs=1e-9)
    assert result.bounds["b_h_l0"][0] >= 0.5


@pytest.mark.parametrize("a", [1e-6, -1e-6, 2.0**-13])
def test_a_kink_within_the_step_leaves_the_entry_undecided(a):
    """Where the step crosses the kink of a relu the bound is infinite, and only there."""
    result = finite_difference(relu_unit(a))

    assert result.bounds["b_h_l0"][0] == np.inf
    assert np.isfinite(result.bounds["b_h_l0"][1])
    assert result.bounds["x"] == np.inf
    assert np.all(result.bounds["W_xh_l0"] < 1e-9)  # x = 0: these move nothing
    assert result.grads["b_h_l0"][1] == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(("a", "slope"), [(1e-2, 1.0), (-1e-2, 0.0)])
def test_a_kink_beyond_the_step_does_not_matter(a, slope):
    """On either side of the kink the derivative is found."""
    result = finite_difference(relu_unit(a))

    assert result.grads["b_h_l0"][0] == pytest.approx(slope, abs=1e-9)
    assert np.isfinite(result.bounds["b_h_l0"][0])


def test_sequences_do_not_disturb_each_other():
    """A kink in one sequence leaves the inputs of the others decided."""
    case = relu_unit(1e-6)
    two = Case(
        model=case.model,
        params=case.params,
        x=[[[0.0], [0.3]]],
        h0=np.zeros((1, 2, 2)),
        targets=np.ones((1, 2, 2)),
        cotangent_h_n=np.zeros((1, 2, 2)),
    )
    bounds = finite_difference(two).bounds

    assert bounds["x"][0, 0, 0] == np.inf
    assert np.isfinite(bounds["x"][0, 1, 0])
    assert bounds["b_h_l0"][0] == np.inf


@pytest.mark.parametrize("cut", ["", " k1=2 k2=3", " k1=4 k2=1", " lengths"])
def test_more_entries_than_one_chunk(cut):
    """Large arrays are differenced in several passes."""
    case = Spec.parse(f"gru T=4 B=2 D=3 H=11 O=2{cut}").build()
    assert case.params["W_hh_l0"].size > 256

    assert largest_ratio(case, exact(case)) < 1.0


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("lstm T=33 B=1 D=1 H=1 O=2", 33),
        ("gru+2layers+bidirectional T=9 B=1 D=1 H=1 O=2", 36),
        ("rnn-tanh T=20 B=1 D=1 H=1 O=2 k1=5 k2=10", 35),
        ("lstm T=32 B=1 D=1 H=1 O=2", 0),
        ("rnn-relu T=200 B=1 D=1 H=1 O=2", 0),
        ("rnn-tanh T=20 B=1 D=1 H=1 O=2 k1=5 k2=1", 0),
    ],
)
def test_long_smooth_cases_are_left_to_complex_step(text, steps):
    """Unless it is asked for by name; complex step cannot do a relu, however long."""
    case = Spec.parse(text).build()
    by_default = oracles.load_oracle("finite_difference", asked_for=False)

    if steps:
        with pytest.raises(Undecidable, match=f"unless asked for: {steps} steps, 32 by default"):
            by_default(case)
    else:
        assert by_default(case).bounds is not None
    assert oracles.load_oracle("finite_difference")(case).bounds is not None
