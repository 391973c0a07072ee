"""The maps of a layout are reversible, and gradients are mapped by their transposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import bptt_check as bc
from bptt_check.conventions import flax, layout
from bptt_check.conventions.options import Options
from bptt_check.errors import BrokenContract, SpecError

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
    "rows": st.booleans(),
    "gate_axis": st.sampled_from([False, True, ("b_h", "b"), ("W", "W_hh")]),
    "bias_column": st.sampled_from(["", "first", "last", {"W_hy": "first"}, {"W_hh": "last"}]),
    "time_last": st.booleans(),
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
def test_parameters_of_a_subject_become_those_of_the_contract_again(
    options: dict[str, Any], model: str
) -> None:
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
def test_data_of_a_subject_become_those_of_the_contract_again(
    options: dict[str, Any], model: str
) -> None:
    """Inputs, states, targets and cotangents are the same after both ways."""
    convention = convention_of(options)
    case = case_for(convention, model)
    steps = layout.data_steps(convention, case.model, case.sizes)
    there = layout.forward(steps, layout.data(case))
    for step in reversed(steps):
        there = step.inverse(there)

    assert there.keys() == layout.data(case).keys()
    assert all(np.array_equal(there[n], a) for n, a in layout.data(case).items())


@settings(max_examples=150, deadline=None)
@given(options=st.fixed_dictionaries({}, optional=FREE), model=st.sampled_from(MODELS))
def test_gradients_are_mapped_by_the_transpose(options: dict[str, Any], model: str) -> None:
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


def test_another_map_of_the_gradients_is_noticed() -> None:
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
    "rows of biases": ({"rows": True}, "lstm", "b_h_l0", (1, 8)),
    "no batch, rows": ({"rows": True, "batch": "none"}, "lstm", "x", (4, 1, 3)),
    "no batch, rows, no layers": (
        {"rows": True, "batch": "none", "layer_axis": False},
        "lstm",
        "c0",
        (1, 2),
    ),
    "a bias as a column": ({"bias_column": "last"}, "lstm", "W_xh_l0", (8, 4)),
    "of the head": ({"bias_column": "first"}, "rnn-tanh", "W_hy", (3, 3)),
    "of both matrices": ({"bias_column": "last"}, "gru", "W_hh_l0", (6, 3)),
    "of the recurrent matrix": ({"bias_column": {"W_hh": "last"}}, "lstm", "W_hh_l0", (8, 3)),
    "of one matrix, a row": (
        {"bias_column": "last", "joined": "hx", "transposed": True},
        "lstm",
        "W_l0",
        (6, 8),
    ),
    "of the matrix of a gate": (
        {"bias_column": "last", "joined": "hx", "per_gate": True},
        "lstm",
        "W_l0_f",
        (2, 6),
    ),
    "gates on an axis": ({"gate_axis": True}, "lstm", "W_xh_l0", (4, 2, 3)),
    "gates on an axis, in, out": (
        {"gate_axis": True, "transposed": True},
        "gru",
        "W_xh_l0",
        (3, 3, 2),
    ),
    "only of biases": ({"gate_axis": ("b_h",)}, "lstm", "b_h_l0", (4, 2)),
    "only of biases, not of matrices": ({"gate_axis": ("b_h",)}, "lstm", "W_hh_l0", (8, 2)),
    "gates on an axis, columns": (
        {"gate_axis": True, "columns": True},
        "lstm",
        "b_h_l0",
        (4, 2, 1),
    ),
    "gates on an axis, stacked": (
        {"gate_axis": True, "biases": "stacked"},
        "gru",
        "b_l0",
        (2, 3, 2),
    ),
    "time last": ({"time_last": True}, "lstm", "x", (1, 3, 4)),
    "time last, columns": ({"time_last": True, "columns": True}, "lstm", "x", (3, 1, 4)),
    "time last, no batch": ({"time_last": True, "batch": "none"}, "lstm", "x", (3, 4)),
    "time last, labels": ({"time_last": True}, "lstm", "targets", (1, 4)),
    "time last, states": ({"time_last": True, "columns": True}, "lstm", "h0", (1, 2, 1)),
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


def test_a_long_name_of_a_gate_is_put_into_names() -> None:
    """In the order in which the names are given, whatever the cell calls the gate."""
    case = bc.Spec(bc.Model("lstm"), bc.Sizes(2, 1, 3, 2, 2)).build()
    names = {"W_hh": "U_{gate}", "W_hh_o": "U_exit"}
    convention = bc.Convention(names=names, gate_order="update forget output cell", per_gate=True)

    view = convention.view(case)

    rows = {"update": 0, "forget": 2, "cell": 4}
    for gate, row in rows.items():
        assert np.array_equal(view[f"U_{gate}"], case.params["W_hh_l0"][row : row + 2])
    assert np.array_equal(view["U_exit"], case.params["W_hh_l0"][6:8])


@pytest.mark.parametrize(
    ("options", "model", "says"),
    [
        ({"bias_column": {"W_xh": "last"}, "joined": "xh"}, "lstm", "a bias may be in W and W_hy"),
        (
            {"bias_column": {"W_xh": "last", "W_hh": "last"}}, "rnn-tanh",
            "names 'W_xh', and a bias may be in W_hh and W_hy",
        ),
        (
            {"bias_column": "last", "joined": "xh"}, "gru",
            "one bias to a matrix, and this cell has b_xh and b_hh",
        ),
    ],
)  # fmt: skip
def test_a_bias_that_no_matrix_can_hold_is_declined(
    options: dict[str, Any], model: str, says: str
) -> None:
    """By what the model has; without biases there is nothing to hold."""
    without_any = bc.Model.parse(f"{model}+nobias")

    assert says in layout.unsupported_reason(Options(**options), bc.Model.parse(model))
    assert layout.unsupported_reason(Options(**options), without_any) == ""


def test_the_other_meaning_of_z_flips_its_sign() -> None:
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


def test_a_parameter_that_is_missing_is_named() -> None:
    """Taking home half of a model's weights ends with the name of what is not there."""
    case = bc.Spec(bc.Model("gru")).build()
    arrays = flax.view(case).params
    del arrays["hn"]["bias"]

    with pytest.raises(BrokenContract, match="the array 'hn/bias' is missing"):
        flax.parameters(case.model, arrays)
