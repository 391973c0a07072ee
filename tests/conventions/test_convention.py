"""Conventions: the maps are reversible, and gradients go home by their transposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import bptt_check as bc
from bptt_check.conventions import flax, layout
from bptt_check.conventions.names import Name
from bptt_check.errors import BrokenContract, SpecError, UnknownName

Array = Any

MODELS = (
    "rnn-tanh", "lstm", "gru", "gru-reset-before+mse", "lstm+2layers+bidirectional+bce+last",
    "gru+2layers+linear", "rnn-relu+nobias+last", "gru+nobias+bidirectional+mse+mean",
)  # fmt: skip
FREE = {
    "gate_order": st.sampled_from(["", {"lstm": "ifog", "gru": "zrn"}, {"lstm": "fico"}]),
    "z_means": st.sampled_from(["keep", "renew"]),
    "biases": st.sampled_from(["one", "two", "stacked", "candidate"]),
    "joined": st.sampled_from(["", "xh", "hx"]),
    "per_gate": st.booleans(),
    "transposed": st.sampled_from([False, True, ("W_hh",), ("W", "W_hy")]),
    "columns": st.booleans(),
    "batch": st.sampled_from(["second", "first", "none"]),
    "layer_axis": st.booleans(),
    "lists": st.booleans(),
    "tokens": st.booleans(),
    "nested": st.booleans(),
}
"""Every option that moves numbers about, with its values."""


def convention_of(options: dict[str, Any]) -> bc.Convention:
    """The convention of these options; others are drawn where they exclude each other."""
    try:
        return bc.Convention(**options)
    except SpecError:
        assume(False)
        raise


def case_for(convention: bc.Convention, model: str, seed: int = 0) -> bc.Case:
    """A case that the convention can express."""
    sizes = bc.Sizes(T=3, B=1 if convention.batch == "none" else 2, D=3, H=2, O=3)
    chosen = bc.Model.parse(model)
    assume(not convention.why_not(chosen))
    return bc.Spec(chosen, sizes, seed=seed, regime="one_hot").build()


def leaves(value: Any) -> Iterator[Array]:
    """Arrays in dicts and lists."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    else:
        yield np.asarray(value, dtype=np.float64)


def drawn_like(value: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the shapes of arrays in dicts and lists."""
    if isinstance(value, dict):
        return {name: drawn_like(inner, rng) for name, inner in value.items()}
    if isinstance(value, list):
        return [drawn_like(inner, rng) for inner in value]
    return rng.standard_normal(np.shape(value))


@settings(max_examples=150, deadline=None)
@given(options=st.fixed_dictionaries({}, optional=FREE), model=st.sampled_from(MODELS))
def test_parameters_come_home(options: dict[str, Any], model: str) -> None:
    """What a convention does to parameters is undone to the last bit."""
    convention = convention_of(options)
    case = case_for(convention, model)
    theirs = convention.view(case).params

    home = convention.parameters(case.model, theirs)

    assert set(home) == set(case.params)
    if convention.biases != "candidate":  # which forgets how a sum was made up
        assert all(np.array_equal(home[n], a) for n, a in case.params.items())
    again = convention.view(replace(case, params=home)).params
    same = [np.array_equal(a, b) for a, b in zip(leaves(theirs), leaves(again), strict=True)]
    assert all(same)


@settings(max_examples=150, deadline=None)
@given(options=st.fixed_dictionaries({}, optional=FREE), model=st.sampled_from(MODELS))
def test_data_come_home(options: dict[str, Any], model: str) -> None:
    """Inputs, states, targets and cotangents are the same after both ways."""
    convention = convention_of(options)
    case = case_for(convention, model)
    steps = layout.data_steps(convention, case)
    there = layout.forward(steps, layout.data(case))
    for step in reversed(steps):
        there = step.inverse(there)

    assert there.keys() == layout.data(case).keys()
    assert all(np.array_equal(there[n], a) for n, a in layout.data(case).items())


@settings(max_examples=150, deadline=None)
@given(options=st.fixed_dictionaries({}, optional=FREE), model=st.sampled_from(MODELS))
def test_gradients_go_the_transposed_way(options: dict[str, Any], model: str) -> None:
    """For any gradient G of theirs: <theirs, G> = <ours, G taken home>."""
    convention = convention_of(options)
    case = case_for(convention, model)
    view = convention.view(case)
    inputs = [n for n in ("x", "h0", "c0") if n in view.arrays]
    inputs = [n for n in inputs if not (n == "x" and convention.tokens)]
    theirs = view.params | {n: view[n] for n in inputs}
    gradient = drawn_like(theirs, np.random.default_rng(0))

    home = view.gradients(gradient)

    there = sum(float(np.sum(a * g)) for a, g in zip(leaves(theirs), leaves(gradient), strict=True))
    here = sum(float(np.sum(case.inputs[n] * g)) for n, g in home.items())
    assert set(home) == {*case.params, *inputs}
    assert here == pytest.approx(there, rel=1e-12, abs=1e-12)


def test_the_transposed_way_is_not_any_way() -> None:
    """Taking a gradient home by the inverse where it is not the transpose breaks the identity."""
    case = bc.Spec(bc.Model("rnn"), seed=1).build()
    convention = bc.Convention(biases="two")
    view = convention.view(case)
    gradient = drawn_like(view.params, np.random.default_rng(0))

    wrong = convention.parameters(case.model, gradient)

    right = view.gradients(gradient)
    assert not np.allclose(wrong["b_h_l0"], right["b_h_l0"])
    assert np.allclose(right["b_h_l0"], 2 * gradient["b_xh_l0"] - gradient["b_hh_l0"])


SHAPES = {
    "names": ({"names": {"W_hh": "U{k}"}}, "lstm", "U0", (8, 2)),
    "transposed": ({"transposed": True}, "lstm", "W_xh_l0", (3, 8)),
    "x before h": ({"joined": "xh"}, "lstm", "W_l0", (8, 5)),
    "one per gate": ({"per_gate": True}, "lstm", "W_hh_l0_f", (2, 2)),
    "named by their letters": ({"per_gate": True, "gate_order": "icfo"}, "lstm", "b_h_l0_c", (2,)),
    "two biases": ({"biases": "two"}, "lstm", "b_hh_l0", (8,)),
    "stacked biases": ({"biases": "stacked"}, "gru", "b_l0", (2, 6)),
    "the candidate's bias": ({"biases": "candidate"}, "gru", "b_hh_l0_n", (2,)),
    "columns": ({"columns": True}, "lstm", "x", (4, 3, 1)),
    "columns of biases": ({"columns": True}, "lstm", "b_h_l0", (8, 1)),
    "batch first": ({"batch": "first"}, "lstm", "x", (1, 4, 3)),
    "no batch": ({"batch": "none"}, "lstm", "x", (4, 3)),
    "no batch, columns": ({"batch": "none", "columns": True}, "lstm", "h0", (1, 2, 1)),
    "no layers": ({"layer_axis": False}, "lstm", "c0", (1, 2)),
    "no layers, no batch": ({"layer_axis": False, "batch": "none"}, "lstm", "h0", (2,)),
    "tokens": ({"tokens": True}, "lstm", "x", (4, 1)),
    "labels": ({"batch": "none"}, "lstm", "targets", (4,)),
}


@pytest.mark.parametrize("what", SHAPES)
def test_an_option_has_the_shape_that_the_docs_say(what: str) -> None:
    """T=4, B=1, D=3, H=2, O=3 in every layout."""
    options, model, name, shape = SHAPES[what]
    case = bc.Spec(bc.Model.parse(model), bc.Sizes(4, 1, 3, 2, 3), regime="one_hot").build()

    assert np.shape(bc.Convention(**options).view(case)[name]) == shape


def test_the_gates_are_where_the_order_says() -> None:
    """Block 2 of an order i f o g holds the contract's block 3, in weights and biases."""
    case = bc.Spec(bc.Model("lstm"), bc.Sizes(2, 1, 3, 2, 2)).build()

    view = bc.Convention(gate_order="ifog").view(case)

    assert np.array_equal(view["W_hh_l0"][4:6], case.params["W_hh_l0"][6:8])
    assert np.array_equal(view["b_h_l0"][6:8], case.params["b_h_l0"][4:6])


def test_the_update_gate_is_turned_round() -> None:
    """sigmoid(-a) = 1 - sigmoid(a): the rows of z change their sign, the others do not."""
    case = bc.Spec(bc.Model("gru"), bc.Sizes(2, 1, 3, 2, 2)).build()

    view = bc.Convention(z_means="renew").view(case)

    sign = np.repeat([1.0, -1.0, 1.0], 2)
    assert np.array_equal(view["b_hh_l0"], sign * case.params["b_hh_l0"])


def test_lists_hold_plain_tokens() -> None:
    """A sequence of integers is a list of Python integers, as one indexes with."""
    case = bc.Spec(bc.Model("rnn"), bc.Sizes(4, 1, 3, 2, 3), regime="one_hot").build()

    inputs = bc.conventions.min_char_rnn.view(case)["inputs"]

    assert inputs == case.x[:, 0].argmax(-1).tolist()
    assert all(type(token) is int for token in inputs)


REFUSED = {
    "columns, batch first": ({"columns": True, "batch": "first"}, "columns put the batch last"),
    "lists, batch first": ({"lists": True, "batch": "first"}, "a list of steps has time first"),
    "stacked, cut": ({"biases": "stacked", "per_gate": True}, "stacked biases are one array"),
    "stacked, columns": ({"biases": "stacked", "columns": True}, "stacked biases are rows"),
    "an order of nothing": ({"gate_order": "ifxg"}, "'ifxg' is an order of no cell's gates"),
    "too few gates": ({"gate_order": "ifo"}, r"an order of no cell's gates \(.*lstm: i f g o"),
    "another cell's": ({"gate_order": {"gru": "ifog"}}, r"no cell's gates \(gru: r z n\)"),
    "no such cell": ({"gate_order": {"lsmt": "ifog"}}, "gate_order is for a cell 'lsmt'"),
    "z": ({"z_means": "keeps"}, "unknown z_means 'keeps'. Did you mean 'keep'"),
    "batch": ({"batch": "last"}, "unknown batch 'last'. .*Valid: first, none, second"),
    "factor": ({"loss_factor": "0.5"}, "unknown loss_factor '0.5'"),
    "a field": ({"names": {"W_xh": "W{layer}"}}, "may hold {k}, {suffix} and {gate}"),
    "one name for all": (
        {"names": {"W_xh": "W", "W_hh": "W"}},
        "expresses no model; .*W_xh_l0 and W_hh_l0 would both be called 'W'",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_excludes_itself_is_refused(what: str) -> None:
    """The message says which options, and why."""
    options, message = REFUSED[what]

    with pytest.raises(SpecError, match=message):
        bc.Convention(**options)


def test_an_unknown_value_is_an_unknown_name() -> None:
    """So that one `except` catches all misspellings."""
    with pytest.raises(UnknownName):
        bc.Convention(biases="three")


@pytest.mark.parametrize(
    ("options", "model", "why"),
    [
        ({"gate_order": "ifog"}, "gru", "gate_order 'ifog' has other gates than"),
        ({"layer_axis": False}, "lstm+2layers", "one layer and one direction"),
        ({"names": {"W_xh": "Wx"}}, "lstm+2layers", "W_xh_l0 and W_xh_l1 would both be called"),
        ({"names": {"b_h": "b{k}"}}, "lstm+bidirectional", "would both be called 'b0'"),
    ],
)
def test_a_model_that_cannot_be_expressed_is_declined(
    options: dict[str, Any], model: str, why: str
) -> None:
    """`supports` says no, `why_not` why, and naming it for verification is an error."""
    convention = bc.Convention(**options)
    subject = convention.adapt(lambda view: (0.0, {}))

    assert why in convention.why_not(bc.Model.parse(model))
    assert not subject.supports(bc.Model.parse(model))
    assert subject.supports(bc.Model("rnn"))
    with pytest.raises(SpecError, match="cannot be adapted"):
        convention.adapt(lambda view: (0.0, {}), models=["rnn-tanh", model])


def test_a_parameter_that_is_missing_is_named() -> None:
    """Taking home half of a model's weights ends with the name of what is not there."""
    case = bc.Spec(bc.Model("gru")).build()
    arrays = flax.view(case).params
    del arrays["hn"]["bias"]

    with pytest.raises(BrokenContract, match="the array 'hn/bias' is missing"):
        flax.parameters(case.model, arrays)


def test_a_name_is_read_from_the_contracts_writing() -> None:
    """Base, layer, direction and gate, there and back."""
    assert Name.of("W_xh_l12_reverse") == Name("W_xh", 12, "_reverse")
    assert Name.of("b_y") == Name("b_y")
    assert str(Name("W_hh", 0, "", "f")) == "W_hh_l0_f"


def test_every_option_and_layout_is_in_the_docs() -> None:
    """The tables of the page have a row for each."""
    page = (Path(__file__).parents[2] / "docs" / "conventions.md").read_text()
    layouts = [n for n, c in vars(bc.conventions).items() if isinstance(c, bc.Convention)]

    assert len(layouts) == 5
    for name in [*(field.name for field in fields(bc.Convention)), *layouts]:
        assert f"| `{name}` |" in page
