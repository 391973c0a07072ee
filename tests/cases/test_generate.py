"""The arrays of a spec: every regime does what its name promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases import case_of

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.generate import REGIMES, SENTIMENT, sentiment_data
from bptt_check.cases.model import Model, Sizes
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import problem_of, run_layers
from bptt_check.errors import SpecError

SEEDS = range(20)
LARGE = Sizes(T=8, B=4, D=5, H=6, O=4)


def drawn(name: str = "lstm", regime: str = "normal", seed: int = 0, **options: Any) -> Case:
    """A case of moderate sizes."""
    return Spec(Model.parse(name), LARGE, regime=regime, seed=seed, **options).build()


def first_preactivation(case: Case) -> np.ndarray:
    """`W_xh x_0 + W_hh h_0 + b_h`, (B, G*H), of layer 0."""
    p = case.params
    return case.x[0] @ p["W_xh_l0"].T + case.h0[0] @ p["W_hh_l0"].T + p["b_h_l0"]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_regime_has_finite_values_of_both_signs(regime, seed):
    """Signs are mixed, and initial states are not zero, in whatever regime."""
    case = drawn("lstm+2layers", regime, seed)
    named = {"x": case.x, "h0": case.h0, "c0": case.c0, **case.params}

    for name, array in named.items():
        assert np.all(np.isfinite(array)), name
        if array.size > 12:
            assert array.min() < 0 < array.max(), name


@pytest.mark.parametrize("seed", SEEDS)
def test_normal_values_stay_away_from_zero(seed):
    """Inputs lie in 0.1..1 in size; weights are of the size 1/sqrt(fan-in)."""
    case = drawn(seed=seed)

    for array in (case.x, case.h0, case.c0):
        assert np.all((np.abs(array) >= 0.1) & (np.abs(array) <= 1.0))
    assert np.all(np.abs(case.params["b_h_l0"]) >= 0.05)
    for name in ("W_xh_l0", "W_hh_l0", "W_hy"):
        array = case.params[name]
        size = np.abs(array) * np.sqrt(array.shape[1])
        assert np.all((size > 0.14) & (size < 1.51)), name


@pytest.mark.parametrize("regime", REGIMES)
def test_values_are_short_decimals(regime):
    """A report can be read: inputs have three decimals, weights five digits at most."""
    case = drawn("gru+2layers", regime, seed=3)

    assert all(np.array_equal(a, np.round(a, 3)) for a in (case.x, case.h0))
    for array in case.params.values():
        largest = np.abs(array).max()
        assert np.array_equal(array, np.round(array, 3 - int(np.floor(np.log10(largest)))))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_saturated_regime_saturates_some_units_and_not_others(seed):
    """Some pre-activations exceed 20, where a gate is 1 to the last bits, and others do not."""
    size = np.abs(first_preactivation(drawn("lstm", "saturated", seed)))

    assert size.max() > 20
    assert size.min() < 2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_normal_regime_does_not_saturate(seed):
    """Outside of that regime gates keep their slope."""
    assert np.abs(first_preactivation(drawn("lstm", "normal", seed))).max() < 8


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tiny_regime_divides_every_weight_by_a_thousand(seed):
    """Every weight is a thousandth of its usual size, the inputs keep theirs."""
    tiny, usual = drawn(regime="tiny", seed=seed), drawn(seed=seed)

    assert max(np.abs(a).max() for a in tiny.params.values()) < 0.002
    assert min(np.abs(a).min() for a in tiny.params.values()) > 0
    assert np.array_equal(tiny.x, usual.x)


@pytest.mark.parametrize(("regime", "low", "high"), [("vanishing", 0, 0.4), ("exploding", 2.5, 99)])
@pytest.mark.parametrize("seed", SEEDS)
def test_vanishing_and_exploding_regimes_set_the_norm_of_recurrent_weights(regime, low, high, seed):
    """The largest singular value of W_hh is far below or above 1; other weights are as usual."""
    case = drawn("rnn-tanh", regime, seed)
    largest = np.linalg.svd(case.params["W_hh_l0"], compute_uv=False)[0]

    assert low < largest < high
    assert np.array_equal(case.params["W_xh_l0"], drawn("rnn-tanh", seed=seed).params["W_xh_l0"])


def test_state_derivatives_vanish_and_explode_in_their_regimes():
    """In an identity rnn the state's own derivative dies out or blows up over the steps."""

    def carried(regime: str) -> float:
        W = drawn("rnn-identity", regime).params["W_hh_l0"]
        return float(np.abs(np.linalg.matrix_power(W, 8)).max())

    assert carried("vanishing") < 1e-5
    assert carried("exploding") > 1e2


def test_the_sparse_regime_has_zeros_one_hot_and_repeated_inputs():
    """All three kinds of input occur within a few seeds, as do zeros in weights and states."""
    steps = np.concatenate([drawn("lstm", "sparse", s).x.reshape(-1, 5) for s in SEEDS])
    hot = (np.sort(steps, axis=1) == [0, 0, 0, 0, 1]).all(axis=1)
    dense = (steps != 0).all(axis=1)
    case = drawn("lstm", "sparse", 1)
    repeated = [t for t in range(1, 8) if (case.x[t] == case.x[0]).all(axis=1).any()]

    assert hot.sum() > 100
    assert dense.sum() > 100
    assert (steps == 0).all(axis=1).sum() > 100
    assert repeated
    assert (case.params["W_hh_l0"] == 0).any()
    assert (case.h0 == 0).any()
    assert (case.h0 != 0).any()


def test_lengths_lie_in_range_and_reach_both_ends():
    """Lengths are drawn from 1..T, and none is drawn unless asked for."""
    lengths = np.concatenate([drawn(seed=s, lengths=True).lengths for s in SEEDS])

    assert set(lengths.tolist()) == set(range(1, 9))
    assert drawn().lengths is None


def test_binary_targets_are_quarters_between_0_and_1():
    """Labels of the binary cross-entropy are 0, 1/4, ..., 1: a hard label hides a wrong factor."""
    targets = np.concatenate([drawn("lstm+bce", seed=s).targets.ravel() for s in SEEDS])

    assert set(targets.tolist()) == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_class_labels_take_every_value():
    """Labels are 0..O-1."""
    targets = np.concatenate([drawn(seed=s).targets.ravel() for s in SEEDS])

    assert set(targets.tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["lstm+mse", "lstm+linear"])
def test_real_targets_have_random_signs_and_no_zero(name):
    """Values and cotangents are like inputs."""
    targets = drawn(name).targets

    assert targets.min() < 0 < targets.max()
    assert np.abs(targets).min() >= 0.1


def test_arrays_of_one_case_differ():
    """No two arrays share a stream: equal numbers would hide an exchanged array."""
    case = drawn("lstm+2layers+linear")
    cotangents = {"h_n": case.cotangent_h_n, "c_n": case.cotangent_c_n, "targets": case.targets}
    heads = [tuple(a.ravel()[:4]) for a in (case.inputs | cotangents).values()]

    assert len(set(heads)) == len(heads)


@pytest.mark.parametrize("regime", REGIMES)
def test_float32_cases_lie_on_the_float32_grid(regime):
    """A float32 case has the values of the float64 one, rounded, and the oracles see just these."""
    single, double = drawn(regime=regime, dtype="float32"), drawn(regime=regime)
    seen = problem_of(single).inputs

    for name, array in single.inputs.items():
        assert np.array_equal(array, double.inputs[name].astype(np.float32)), name
        assert seen[name].dtype == np.float64
        assert np.array_equal(seen[name], array), name


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("name", ["rnn-relu", "rnn-identity", "lstm+3layers", "gru"])
def test_forward_passes_stay_finite(regime, name):
    """Even 16 exploding steps do not overflow."""
    spec = Spec(Model.parse(name), Sizes(16, 4, 5, 5, 4), regime=regime, dtype="float32")
    given = problem_of(spec.build())
    *_, top = run_layers(NumPy(), given, given.inputs)

    assert np.abs(top.outputs).max() < 1e20


def test_one_hot_inputs_are_one_hot_throughout():
    """Asked for and never drawn: `x` alone differs from the normal regime, tokens repeat."""
    hot, normal = drawn(regime="one_hot"), drawn()

    assert "one_hot" not in REGIMES
    assert set(np.unique(hot.x)) == {0.0, 1.0}
    assert np.all(hot.x.sum(axis=-1) == 1)
    assert len(np.unique(hot.x.argmax(axis=-1))) == LARGE.D
    assert all(np.array_equal(a, normal.inputs[n]) for n, a in hot.inputs.items() if n != "x")
    assert Spec.parse(str(hot.spec)) == hot.spec


def test_the_sentiment_data_are_one_hot_words_and_labels():
    """Three reviews of three words; time comes first."""
    x, labels = sentiment_data()
    words = np.array(list(SENTIMENT))[x.argmax(axis=2)].T

    assert words.tolist() == [["cat", "mat", "rat"], ["rat", "rat", "mat"], ["cat", "rat", "mat"]]
    assert labels.tolist() == [[1.0], [0.0], [1.0]]
    assert np.array_equal(x.sum(axis=2), np.ones((3, 3)))


def test_the_sentiment_regime_starts_from_zero():
    """The data set has no initial state; its weights are still drawn."""
    model = Model.parse("rnn-tanh+bce+last+nobias")
    case = Spec(model, Sizes(3, 3, 3, 4, 1), regime="sentiment", seed=2).build()

    assert np.array_equal(case.x, sentiment_data()[0])
    assert not case.h0.any()
    assert case.params["W_hh_l0"].all()


@pytest.mark.parametrize("text", ["rnn-tanh+bce+last T=3 O=1 D=3 B=4", "rnn-tanh T=3 B=3 D=3 O=1"])
def test_the_sentiment_regime_fits_its_own_sizes_and_loss_only(text):
    """A data set cannot have other sizes, nor another loss."""
    with pytest.raises(SpecError, match=r"^regime='sentiment' is a data set of T=3, B=3, D=3, O=1"):
        Spec.parse(f"{text} regime=sentiment")


WEIGHTS = {
    "normal": [0.827, 0.936, -0.5165, -0.472, -0.162, -0.4525],
    "saturated": [0.83, 0.94, -0.52, -0.47, -3.24, -9.05],
    "tiny": [0.000827, 0.000936, -0.0005165, -0.000472, -0.000162, -0.0004525],
    "vanishing": [0.827, 0.936, -0.05165, -0.0472, -0.162, -0.4525],
    "exploding": [0.827, 0.936, -1.55, -1.416, -0.162, -0.4525],
    "sparse": [0.0, 0.9355, -0.5165, -0.472, -0.162, -0.4525],
}
"""The first two values of W_xh, W_hh and b_h of one spec, in every regime."""


INPUTS = {"sparse": [0.0, 0.0, 0.0, 0.0, 0.46, 0.0]}
"""Of x, h0 and c0; in every other regime those below."""


@pytest.mark.parametrize("regime", WEIGHTS)
def test_a_spec_builds_the_pinned_weights_and_inputs(regime):
    """A printed spec stays reproducible: the stream behind it is pinned to the last bit."""
    spec = Spec(Model(loss="mse"), Sizes(2, 2, 2, 2, 2), seed=7, regime=regime, lengths=True)
    case = spec.build()
    weights = [case.params[n].ravel()[:2] for n in ("W_xh_l0", "W_hh_l0", "b_h_l0")]
    inputs = [case.x[0, 0], case.h0[0, 0], case.c0[0, 1]]

    assert np.concatenate(weights).tolist() == WEIGHTS[regime]
    assert np.concatenate(inputs).tolist() == INPUTS.get(
        regime, [-0.443, -0.497, 0.384, 0.295, 0.46, 0.194]
    )
    assert case.targets[1, 0].tolist() == [-0.801, 0.674]
    assert case.lengths.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        ("gru", "targets", [[0, 1, 1]]),
        ("gru+bce+last", "targets", [[0, 0.75, 1, 0.5], [0, 0.75, 0.75, 0.5], [0.5, 0, 1, 0.25]]),
        ("lstm+linear", "cotangent_h_n", [[[0.159, -0.288], [-0.498, 0.273], [0.906, -0.177]]]),
        ("lstm+linear", "cotangent_c_n", [[[0.463, -0.264], [-0.86, -0.835], [0.613, -0.69]]]),
    ],
)  # fmt: skip
def test_a_spec_builds_the_pinned_targets_and_cotangents(name, field, values):
    """Targets and cotangents are pinned as well."""
    case = Spec(Model.parse(name), Sizes(1, 3, 2, 2, 4), seed=1).build()

    assert values == getattr(case, field).tolist()


def test_changing_T_leaves_weights_and_earlier_inputs_unchanged():
    """Arrays have streams of their own, so that shrinking one size is steady."""
    small, large = case_of(T=3), case_of(T=9)

    assert np.array_equal(small.params["W_hh_l0"], large.params["W_hh_l0"])
    assert np.array_equal(small.x, large.x[:3])
