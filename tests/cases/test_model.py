"""Models: names, impossible combinations and the shapes of their arrays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from bptt_check.cases.model import (
    ACTIVATIONS,
    COTANGENTS,
    LOSSES,
    READOUTS,
    REDUCTIONS,
    Model,
    Sizes,
    families,
    final_cotangents,
    input_shapes,
    parameter_shapes,
    target_shape,
)
from bptt_check.cases.targets import default_targets
from bptt_check.errors import BpttCheckError, SpecError, UnknownName

DEFAULTS = [t.model for t in default_targets()]
SIZES = Sizes(T=7, B=2, D=3, H=4, O=5)


@st.composite
def any_model(draw: st.DrawFn) -> Model:
    """Every model that can exist."""
    cell = draw(st.sampled_from(["rnn", "lstm", "gru"]))
    loss = draw(st.sampled_from(LOSSES))
    reset_after, bias = draw(st.booleans()) if cell == "gru" else True, draw(st.booleans())
    return Model(
        cell=cell,
        activation=draw(st.sampled_from(ACTIVATIONS)) if cell == "rnn" else "tanh",
        reset_after=reset_after,
        layers=draw(st.integers(1, 12)),
        bidirectional=draw(st.booleans()),
        bias=bias,
        head=draw(st.booleans()) if loss not in ("cross_entropy", "linear") else True,
        one_bias=draw(st.booleans()) if cell == "gru" and reset_after and bias else False,
        cotangents=draw(st.sampled_from(COTANGENTS)) if loss == "linear" else "all",
        loss=loss,
        readout=draw(st.sampled_from(READOUTS)),
        reduction=draw(st.sampled_from(REDUCTIONS)) if loss != "linear" else "sum",
    )


def test_parsing_the_name_of_a_default_model_gives_the_model():
    """`Model.parse` undoes `str` for every model that is checked by default."""
    assert [Model.parse(str(m)) for m in DEFAULTS] == DEFAULTS


@settings(max_examples=200, deadline=None)
@given(any_model())
def test_parsing_the_name_of_any_model_gives_the_model(model):
    """`Model.parse` undoes `str` for every combination of options."""
    assert model == Model.parse(str(model))


def test_families_are_those_of_the_command_line():
    """The names without modifiers are the seven of the documentation, in a fixed order."""
    wanted = [
        "rnn-tanh", "rnn-relu", "rnn-sigmoid", "rnn-identity", "lstm", "gru", "gru-reset-before",
    ]  # fmt: skip

    assert wanted == list(families())


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("lstm", Model()),
        (" lstm ", Model("lstm")),
        ("rnn-relu", Model("rnn", activation="relu")),
        ("gru-reset-before", Model("gru", reset_after=False)),
        ("lstm+1layers", Model("lstm")),
        ("gru+12layers", Model("gru", layers=12)),
        ("lstm+cross_entropy+every+sum", Model()),
        (
            "lstm+mean+mse+nobias+last+bidirectional+2layers",
            Model(
                layers=2,
                bidirectional=True,
                bias=False,
                loss="mse",
                readout="last",
                reduction="mean",
            ),
        ),
    ],
)
def test_modifiers_of_a_name_may_come_in_any_order(name, model):
    """Modifiers may come in any order and may state a default."""
    assert model == Model.parse(name)


def test_the_name_of_a_model_is_the_documented_one():
    """The example of the documentation prints as it is written there."""
    text = "lstm+2layers+bidirectional+mse+last+mean+nobias"

    assert text == str(Model.parse(text))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ltsm", "unknown model 'ltsm'. Did you mean 'lstm'? Valid: gru, gru-reset-before, lstm, "),
        ("", "unknown model ''. Valid: gru,"),
        ("rnn", "unknown model 'rnn'. Valid: gru,"),
        ("lstm+nobais", "unknown model modifier 'nobais'. Did you mean 'nobias'? Valid: 2layers,"),
        ("lstm+layers", "unknown model modifier 'layers'."),
        ("lstm+twolayers", "unknown model modifier 'twolayers'."),
        ("lstm+-1layers", "unknown model modifier '-1layers'."),
        ("lstm+", "unknown model modifier ''."),
        ("LSTM", "unknown model 'LSTM'."),
    ],
)
def test_an_unknown_name_lists_the_valid_ones(name, message):
    """A name that does not exist is refused, with the valid ones and the closest."""
    with pytest.raises(UnknownName) as caught:
        Model.parse(name)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["lstm+mse+bce", "lstm+last+every", "lstm+2layers+3layers"])
def test_contradicting_modifiers_are_refused(name):
    """A name that says two things about one option is no model."""
    with pytest.raises(SpecError, match="twice"):
        Model.parse(name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "ltsm"}, "unknown cell 'ltsm'. Did you mean 'lstm'? Valid: gru, lstm, rnn."),
        ({"cell": None}, "unknown cell None."),
        (
            {"cell": "rnn", "activation": "gelu"},
            "unknown activation 'gelu'. Did you mean 'relu'? Valid: identity, relu, sigmoid, tanh.",
        ),
        ({"loss": "mae"}, "unknown loss 'mae'. Did you mean 'mse'?"),
        ({"readout": "first"}, "unknown readout 'first'. Valid: every, last."),
        ({"reduction": "none"}, "unknown reduction 'none'. Valid: mean, sum."),
        ({"layers": 0}, "layers must be an integer of at least 1, got 0."),
        ({"layers": -1}, "layers must be an integer of at least 1, got -1."),
        ({"layers": 2.0}, "layers must be an integer of at least 1, got 2.0."),
        ({"layers": True}, "layers must be an integer of at least 1, got True."),
        ({"bias": 1}, "bias must be True or False, got 1."),
        ({"bidirectional": "yes"}, "bidirectional must be True or False, got 'yes'."),
        ({"cell": "gru", "reset_after": None}, "reset_after must be True or False, got None."),
        (
            {"activation": "relu"},
            "activation='relu' applies to cell='rnn' only; leave it out for cell='lstm'.",
        ),
        (
            {"cell": "rnn", "reset_after": False},
            "reset_after=False applies to cell='gru' only; leave it out for cell='rnn'.",
        ),
        (
            {"head": False},
            "head=False is for loss='mse', 'bce' and 'sigmoid_mse', not 'cross_entropy': leave it",
        ),
        ({"head": False, "loss": "linear"}, "head=False is for loss='mse',"),
        ({"one_bias": True}, "one_bias=True is for cell='gru' with reset_after=True and bias=True"),
        ({"cell": "gru", "one_bias": True, "bias": False}, "one_bias=True is for"),
        ({"cell": "gru", "one_bias": True, "reset_after": False}, "one_bias=True is for"),
        ({"cotangents": "h_n"}, "cotangents='h_n' is for loss='linear', not 'cross_entropy'"),
        ({"cotangents": "c_n"}, "unknown cotangents 'c_n'. Did you mean 'h_n'?"),
        (
            {"loss": "linear", "reduction": "mean"},
            "loss='linear' takes reduction='sum' only: scale the cotangents instead.",
        ),
    ],
)
def test_a_model_refuses_impossible_options(options, message):
    """What cannot exist raises at construction, with a sentence that says what to change."""
    with pytest.raises(SpecError) as caught:
        Model(**options)

    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, BpttCheckError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("field", ["T", "B", "D", "H", "O"])
@pytest.mark.parametrize("value", [0, -3, 1.5, "2", None, True])
def test_sizes_below_one_are_refused(field, value):
    """Every size is an integer of at least 1."""
    with pytest.raises(SpecError, match=f"^{field} must be an integer of at least 1, got"):
        Sizes(**{field: value})


def test_the_smallest_sizes_are_accepted():
    """One of everything is a case too."""
    assert Sizes(1, 1, 1, 1, 1) == Sizes(T=1, B=1, D=1, H=1, O=1)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (
            "rnn-tanh",
            {"W_xh_l0": (4, 3), "W_hh_l0": (4, 4), "b_h_l0": (4,), "W_hy": (5, 4), "b_y": (5,)},
        ),
        (
            "lstm+nobias",
            {"W_xh_l0": (16, 3), "W_hh_l0": (16, 4), "W_hy": (5, 4)},
        ),
        (
            "lstm+linear",
            {"W_xh_l0": (16, 3), "W_hh_l0": (16, 4), "b_h_l0": (16,)},
        ),
        (
            "gru+2layers",
            {
                "W_xh_l0": (12, 3), "W_hh_l0": (12, 4), "b_xh_l0": (12,), "b_hh_l0": (12,),
                "W_xh_l1": (12, 4), "W_hh_l1": (12, 4), "b_xh_l1": (12,), "b_hh_l1": (12,),
                "W_hy": (5, 4), "b_y": (5,),
            },
        ),
        (
            "gru-reset-before",
            {"W_xh_l0": (12, 3), "W_hh_l0": (12, 4), "b_h_l0": (12,), "W_hy": (5, 4), "b_y": (5,)},
        ),
        ("gru+mse+nohead+onebias", {"W_xh_l0": (12, 3), "W_hh_l0": (12, 4), "b_xh_l0": (12,)}),
        (
            "rnn-relu+2layers+bidirectional",
            {
                "W_xh_l0": (4, 3), "W_hh_l0": (4, 4), "b_h_l0": (4,),
                "W_xh_l0_reverse": (4, 3), "W_hh_l0_reverse": (4, 4), "b_h_l0_reverse": (4,),
                "W_xh_l1": (4, 8), "W_hh_l1": (4, 4), "b_h_l1": (4,),
                "W_xh_l1_reverse": (4, 8), "W_hh_l1_reverse": (4, 4), "b_h_l1_reverse": (4,),
                "W_hy": (5, 8), "b_y": (5,),
            },
        ),
    ],
)  # fmt: skip
def test_parameter_shapes_are_those_of_the_contract(name, shapes):
    """Names, order and shapes of the parameters are those of the contract."""
    computed = parameter_shapes(Model.parse(name), SIZES)

    assert list(shapes.items()) == list(computed.items())


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("gru", {"x": (7, 2, 3), "h0": (1, 2, 4)}),
        ("lstm", {"x": (7, 2, 3), "h0": (1, 2, 4), "c0": (1, 2, 4)}),
        ("lstm+3layers+bidirectional", {"x": (7, 2, 3), "h0": (6, 2, 4), "c0": (6, 2, 4)}),
    ],
)
def test_input_shapes_are_those_of_the_contract(name, shapes):
    """Time comes first, states are layer-major with one row per direction."""
    assert shapes == input_shapes(Model.parse(name), SIZES)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lstm", (7, 2)),
        ("lstm+last", (2,)),
        ("lstm+bce", (7, 2, 5)),
        ("lstm+mse+last", (2, 5)),
        ("lstm+linear", (7, 2, 4)),
        ("lstm+linear+bidirectional", (7, 2, 8)),
        ("lstm+linear+last", (2, 4)),
        ("lstm+mse+nohead", (7, 2, 4)),
        ("lstm+sigmoid_mse+nohead+bidirectional+last", (2, 8)),
    ],
)
def test_target_shapes_follow_loss_and_readout(name, shape):
    """Labels are (T, B), values (T, B, O), cotangents (T, B, H*N); no T axis for `last`."""
    assert shape == target_shape(Model.parse(name), SIZES)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("lstm+linear", ("cotangent_h_n", "cotangent_c_n")),
        ("lstm+linear+h_n", ("cotangent_h_n",)),
        ("lstm+linear+outputs", ()),
        ("gru+linear", ("cotangent_h_n",)),
        ("gru+linear+outputs", ()),
        ("lstm+mse", ()),
    ],
)
def test_final_cotangents_are_those_that_the_name_says(name, names):
    """All final states of a linear loss, h_n alone, or none."""
    assert names == final_cotangents(Model.parse(name))
