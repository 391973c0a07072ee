"""Every entry of the contract's arrays is found in the subject's own, under its name."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.conventions.own_layout import OwnLayout, own_layout

C = bc.Convention
SIZES = "T=3 B=2 D=4 H=5 O=6"
KINDS: dict[str, tuple[bc.Convention, str]] = {
    "of layers": (bc.conventions.pytorch, "gru+2layers+bidirectional"),
    "transposed, batch first": (bc.conventions.cs231n, "lstm"),
    "columns": (C(columns=True, layer_axis=False), "gru"),
    "rows, gates on an axis": (C(rows=True, gate_axis=True), "lstm"),
    "one matrix": (C(joined="hx", transposed=True), "lstm+2layers"),
    "a matrix with its bias": (C(joined="xh", bias_column="first"), "rnn-tanh"),
    "biases as rows": (C(biases="stacked"), "gru"),
    "split": (C(per_gate=True, gate_order={"lstm": "ifco"}), "lstm"),
    "time last": (C(time_last=True, columns=True), "rnn-tanh"),
}
"""Conventions that only rearrange, so that an entry has its own value wherever it is."""


def layout_of(convention: bc.Convention, model: str) -> tuple[OwnLayout, bc.Case]:
    """The layout of a model, and a case of it."""
    case = bc.Spec.parse(f"{model} {SIZES}").build()
    found = own_layout(convention.adapt(lambda view: (0.0, {})), case.model)
    assert found is not None
    return found, case


def value_at(arrays: dict[str, Any], place: str) -> float:
    """What an array of these has at `Wh[1, 3]`."""
    name, _, index = place.rstrip("]").rpartition("[")
    return float(arrays[name][tuple(map(int, index.split(",")))])


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_where_its_value_is(kind):
    """Every entry of every array; no two are at one place."""
    convention, model = KINDS[kind]
    found, case = layout_of(convention, model)
    arrays = convention.view(case).arrays
    seen: set[str] = set()
    for name, array in case.inputs.items():
        for index in itertools.product(*map(range, array.shape)):
            (place,) = found.places(case.sizes, name, index)
            assert value_at(arrays, place) == array[index]
            assert place not in seen
            seen.add(place)


def test_another_entry_is_not_taken_for_it():
    """The place in another convention has another value here, so the test above can fail."""
    found, case = layout_of(bc.conventions.cs231n, "lstm")
    other, _ = layout_of(C(names=bc.conventions.cs231n.names, transposed=True), "lstm")
    arrays, name, index = bc.conventions.cs231n.view(case).arrays, "W_hh_l0", (12, 2)
    mine, theirs = (list(one.places(case.sizes, name, index)) for one in (found, other))

    assert mine == ["Wh[2, 17]"]
    assert theirs == ["Wh[2, 12]"]
    assert value_at(arrays, theirs[0]) != case.params[name][index]


NAMES: dict[str, tuple[bc.Convention, str, str, tuple[str, ...]]] = {
    "first part": (C(joined="xh"), "lstm", "W_xh_l0", ("W_l0[:, :D]",)),
    "last part": (C(joined="xh"), "lstm", "W_hh_l0", ("W_l0[:, D:]",)),
    "of rows": (C(joined="hx", transposed=True), "gru", "W_xh_l0", ("W_l0[H:]",)),
    "of hidden units": (C(joined="xh"), "gru+2layers", "W_hh_l1", ("W_l1[:, H:]",)),
    "of two directions": (
        C(joined="xh"),
        "gru+2layers+bidirectional",
        "W_hh_l1_reverse",
        ("W_l1_reverse[:, 2*H:]",),
    ),
    "a last column": (C(joined="xh", bias_column="last"), "lstm", "b_h_l0", ("W_l0[:, D+H]",)),
    "a first column": (C(bias_column="first"), "lstm", "b_h_l0", ("W_xh_l0[:, 0]",)),
    "beside it": (C(bias_column="first"), "lstm", "W_xh_l0", ("W_xh_l0[:, 1:]",)),
    "a row": (C(biases="stacked"), "gru", "b_hh_l0", ("b_l0[1]",)),
    "the whole": (C(transposed=True), "lstm", "W_hy", ("W_hy",)),
    "several": (C(per_gate=True), "gru", "b_xh_l0", ("b_xh_l0_r", "b_xh_l0_z", "b_xh_l0_n")),
    "two biases": (C(biases="two"), "lstm", "b_h_l0", ("b_xh_l0", "b_hh_l0")),
    "tokens": (C(tokens=True), "rnn-tanh", "x", ("x",)),
    "one sequence": (C(batch="none"), "rnn-tanh", "h0", ("h0",)),
}


@pytest.mark.parametrize("what", NAMES)
def test_the_part_of_an_array_is_said(what):
    """In the sizes of the model, which are those of any of its cases."""
    convention, model, name, own = NAMES[what]
    found, _ = layout_of(convention, model)

    assert found.names()[name] == own


def test_parts_of_one_array_have_different_names():
    """Else one of them would be called right and wrong in one message."""
    for convention, model in KINDS.values():
        names = layout_of(convention, model)[0].names().values()
        assert len({*itertools.chain(*names)}) == sum(map(len, names))


@pytest.mark.parametrize(
    ("convention", "name", "axes"),
    [
        (C(), "W_hh_l0", (0, 1)),
        (C(transposed=True), "W_hh_l0", (1, 0)),
        (C(batch="first"), "x", (1, 0, 2)),
        (C(columns=True), "b_h_l0", (0, -1)),
        (C(columns=True), "h0", (0, 2, 1)),
        (C(gate_axis=True), "W_xh_l0", (0, 0, 1)),
    ],
)
def test_axes_are_those_of_the_contract(convention, name, axes):
    """In another order; one that is no axis there is told as that."""
    case = bc.Spec.parse(f"lstm {SIZES}").build()

    assert OwnLayout(convention, case.model).axes(name) == [axes]


def test_without_a_convention_there_is_no_layout():
    """Nor for a model that a convention cannot have."""
    model = bc.models()["gru"]

    assert own_layout(lambda case: None, model) is None
    assert own_layout(C(gate_order="ifog").adapt(lambda view: (0.0, {})), model) is None


def test_an_array_in_two_places_is_found_in_both():
    """Two biases that are added have a gradient each."""
    found, case = layout_of(C(biases="two"), "lstm")

    assert list(found.places(case.sizes, "b_h_l0", (7,))) == ["b_xh_l0[7]", "b_hh_l0[7]"]
    assert np.prod(case.params["b_h_l0"].shape) == 20
