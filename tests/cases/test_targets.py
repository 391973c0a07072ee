"""Names of what can be verified, and the presets of the teaching texts."""

from __future__ import annotations

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.drawn import SMALL

import bptt_check as bc
from bptt_check.cases.generate import sentiment_data
from bptt_check.cases.targets import PRESETS, default_targets, parse_targets, with_one_hot


@pytest.mark.parametrize("name", PRESETS)
def test_the_reference_passes_every_preset(name: str, sharp_oracles: list[str]) -> None:
    """The reference passes on each system, with every oracle that is there."""
    oracles = ["finite_difference", *sharp_oracles]

    sizes = parse_targets(name)[0].sizes
    telling = f"{'' if sizes else SMALL} inputs=random initial_state=random"
    cases = 2 if sizes and sizes.T > 100 else 5
    report = bc.verify(loss_and_grads, [name], cases=cases, oracles=oracles, within=telling)

    assert report.passed, report.message


def test_the_sentiment_data_are_as_printed() -> None:
    """Three reviews over cat, mat, rat, one-hot in time-major order, labels 1, 0, 1."""
    x, labels = sentiment_data()
    words = np.array(["cat", "mat", "rat"])[x.argmax(axis=-1)]

    assert [" ".join(review) for review in words.T] == ["cat mat rat", "rat rat mat", "cat rat mat"]
    assert labels.ravel().tolist() == [1.0, 0.0, 1.0]
    assert (x.sum(axis=-1) == 1).all()


def test_the_sentiment_toy_is_the_system_described() -> None:
    """3 inputs, 3 hidden tanh units from zero, 1 sigmoid output at the end, no biases."""
    case = bc.Spec.parse("rnn-tanh+bce+last+nobias T=3 B=3 D=3 H=3 O=1 regime=sentiment").build()

    assert {n: a.shape for n, a in case.params.items()} == {
        "W_xh_l0": (3, 3),
        "W_hh_l0": (3, 3),
        "W_hy": (1, 3),
    }
    assert (case.h0 == 0).all()


def test_the_three_paths_of_the_sentiment_toy_sum_to_the_gradient() -> None:
    """Each weight's gradient is the sum of what flows through steps 3, 2 and 1."""
    case = bc.Spec.parse("rnn-tanh+bce+last+nobias T=3 B=3 D=3 H=3 O=1 regime=sentiment").build()
    _, grads = loss_and_grads(case)

    paths = bc.gradient_flow(case).contributions["W_xh_l0"][2]

    assert paths.shape == (3, 3, 3)
    assert np.allclose(paths.sum(axis=0), grads["W_xh_l0"], rtol=1e-12)


def test_a_one_hot_modifier_sets_the_regime_of_every_spec() -> None:
    """Every spec of such a target has the regime, beside whatever else is asked for."""
    (target,) = parse_targets("lstm+mse+lengths+onehot")
    spec = bc.Spec(target.model, regime="tiny", lengths=True)

    assert target.name == "lstm+mse+lengths+onehot"
    assert target.lengths
    assert target.fit(spec).regime == "one_hot"
    assert [t.regime for t in parse_targets("lstm+mse+lengths")] == [None]


def test_a_target_with_a_regime_of_its_own_keeps_it() -> None:
    """The sentiment data are one-hot already."""
    (toy,) = parse_targets("sentiment_toy")

    assert with_one_hot(toy) is toy


def test_the_sentiment_regime_refuses_other_sizes() -> None:
    """The data set fits one model and one size; the message names them."""
    with pytest.raises(bc.BpttCheckError, match="T=3, B=3, D=3, O=1"):
        bc.Spec.parse("rnn-tanh+bce+last T=4 B=3 D=3 H=3 O=1 regime=sentiment")


def test_elman_biases_has_all_eight_combinations() -> None:
    """tanh or relu, sigmoid or softmax, every step or the last."""
    models = [t.model for t in parse_targets("elman_biases")]

    assert len({(m.activation, m.loss, m.readout) for m in models}) == 8


def test_truncated_100_10_has_that_truncation_and_longer_sequences() -> None:
    """The preset has the truncation of its name and sequences longer than a block."""
    for target in parse_targets("truncated_100_10"):
        assert target.truncation == bc.Truncation(100, 10)
        assert target.sizes is not None
        assert target.sizes.T > 100


def test_truncated_and_lengths_modifiers_belong_to_the_cases() -> None:
    """`+truncated` and `+lengths` are of the cases, the rest of the model."""
    (target,) = parse_targets("lstm+2layers+truncated+lengths")

    assert (target.model, target.truncated, target.lengths) == (
        bc.Model("lstm", layers=2),
        True,
        True,
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstn", "Did you mean 'lstm'.*Valid:.*sentiment_toy"),
        ("lstm+3", "unknown model modifier '3'"),
        ("lstm+bidirectional+truncated", "exclude each other"),
    ],
)
def test_a_wrong_name_is_refused_with_advice(name: str, message: str) -> None:
    """Unknown names list the valid ones, impossible ones say what to change."""
    with pytest.raises(bc.BpttCheckError, match=message):
        parse_targets(name)


def test_default_targets_have_every_family_loss_and_readout() -> None:
    """The default run covers the whole table, and truncation, lengths and directions besides."""
    targets = default_targets()
    table = {(t.model.family, t.model.loss, t.model.readout) for t in targets}

    assert len(table) == 7 * 4 * 2
    assert len({t.name for t in targets}) == len(targets)
    for has in ("truncated", "lengths"):
        assert len({t.model.family for t in targets if getattr(t, has)}) == 7
    assert len({t.model.family for t in targets if t.model.bidirectional}) == 7


LEFT_OUT = ("nohead", "onebias", "h_n", "outputs", "sigmoid_mse")


def test_what_is_seldom_meant_is_checked_where_it_is_named() -> None:
    """None of these is among the default targets, and each is a target by its name."""
    names = [target.name.split("+") for target in default_targets()]

    assert not {*LEFT_OUT} & {word for words in names for word in words}
    for name in ("rnn-tanh+mse+nohead", "gru+onebias", "lstm+linear+h_n", "gru+sigmoid_mse"):
        assert parse_targets(name)[0].name == name
