"""Whoever declared names of their own reads these, and finds an entry where it lies for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.right import right

import bptt_check as bc
from bptt_check.cases.own_names import OwnNames
from bptt_check.conventions.own_names import own_names, own_parameters
from bptt_check.errors import UnknownName

SIZES = "T=3 B=2 D=4 H=5 O=6"


def subject(convention: bc.Convention) -> Any:
    return convention.adapt(lambda view: (0.0, {}))


def case_of(model: str) -> bc.Case:
    return bc.Spec.parse(f"{model} {SIZES}").build()


NAMES: dict[str, tuple[bc.Convention, str, str, str]] = {
    "renamed": (bc.conventions.cs231n, "lstm", "W_hh_l0", "Wh"),
    "without its layer": (bc.conventions.cs231n, "rnn-tanh", "W_hh", "Wh"),
    "joined": (bc.Convention(joined="xh"), "lstm", "W_xh_l0", "W_l0[:, :D]"),
    "spread": (bc.conventions.flax, "gru", "b_hh_l0", "ir/bias, iz/bias, hn/bias"),
    "two biases": (bc.conventions.pytorch, "lstm", "b_h_l0", "bias_ih_l0, bias_hh_l0"),
    "layers": (bc.conventions.pytorch, "lstm+2layers", "W_xh_l1", "weight_ih_l1"),
    "data": (bc.Convention(names={"x": "inputs"}), "lstm", "x", "inputs"),
}


@pytest.mark.parametrize("what", NAMES)
def test_an_array_is_called_as_it_is_there(what):
    """Several names where it is spread over several arrays."""
    convention, model, name, own = NAMES[what]

    assert own_names(subject(convention), case_of(model)).of(name) == own
    assert own_names(right, case_of(model)) == OwnNames()


ENTRIES: dict[str, tuple[bc.Convention, str, str, tuple[int, ...], str]] = {
    "transposed": (bc.conventions.cs231n, "rnn-tanh", "W_hh_l0", (3, 1), "Wh[1, 3]"),
    "gates in another order": (bc.conventions.cs231n, "lstm", "b_h_l0", (10,), "b[15]"),
    "a gate of its own": (bc.conventions.flax, "gru", "W_hh_l0", (6, 1), "hz/kernel[1, 1]"),
    "columns": (bc.Convention(names={"b_y": "by"}, columns=True), "lstm", "b_y", (2,), "by[2, 0]"),
    "joined": (bc.Convention(joined="xh"), "rnn-tanh", "W_hh_l0", (0, 1), "W_l0[0, 5]"),
    "batch first": (bc.conventions.cs231n, "rnn-tanh", "x", (2, 1, 3), "x[1, 2, 3]"),
    "one sequence": (bc.Convention(batch="none"), "gru", "x", (2, 1, 3), "x[2, 3] of sequence 1"),
    "its state": (bc.Convention(batch="none"), "lstm", "c0", (0, 1, 3), "c0[0, 3] of sequence 1"),
    "the one": (bc.Convention(batch="none", columns=True), "gru", "b_y", (2,), "b_y[2, 0]"),
    "no layers": (bc.conventions.cs231n, "rnn-tanh", "h0", (0, 1, 3), "h0[1, 3]"),
    "two": (bc.conventions.pytorch, "rnn-tanh", "b_h_l0", (2,), "bias_ih_l0[2], bias_hh_l0[2]"),
}


@pytest.mark.parametrize("what", ENTRIES)
def test_an_entry_is_named_where_it_lies_there(what):
    """In their order of axes, of gates, in the array that it is in."""
    convention, model, name, index, own = ENTRIES[what]
    told = own_names(subject(convention), case_of(model), [(name, index)])

    place = f"{name}[{', '.join(map(str, index))}]"
    assert told.told(f"worst entry {place} (unit 1)") == f"worst entry {own} (unit 1)"


def test_only_whole_words_are_replaced():
    """An entry whose place is not known keeps the contract's name; so do code and other words."""
    names = OwnNames({"W_hh_l0": "Wh", "x": "xs", "W_hh_l0[1, 2]": "Wh[2, 1]"})

    assert names.told("W_hh_l0, x: W_hh_l0[1, 2]") == "Wh, xs: Wh[2, 1]"
    assert names.told("W_hh_l0[9, 9] x_t_bar case.x W_hh_l01") == (
        "W_hh_l0[9, 9] x_t_bar case.x W_hh_l01"
    )
    assert OwnNames().told("W_hh_l0") == "W_hh_l0"


def test_parameters_lead_back_to_the_case():
    """What a pasted test writes is what the convention reads."""
    for convention in (bc.conventions.cs231n, bc.conventions.pytorch, bc.conventions.keras):
        case = case_of("lstm")
        own = own_parameters(subject(convention), case)
        again = convention.parameters(case.model, own)

        assert all(np.array_equal(a, again[n]) for n, a in case.params.items())
    assert own_parameters(subject(bc.conventions.flax), case_of("gru")) == {}
    assert own_parameters(subject(bc.conventions.min_char_rnn), case_of("rnn-tanh")) == {}
    assert own_parameters(right, case_of("lstm")) == {}


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"W_hx": "Wx"}, "unknown array in names: 'W_hx'. Did you mean 'W_xh'?"),
        ({"W_xh_l0": "Wx"}, "unknown array in names: 'W_xh_l0'. Did you mean 'W_xh'?"),
        ({"bh": "b"}, "unknown array in names: 'bh'. Did you mean 'b_h'?"),
        ({"lstn.W_xh": "Wx"}, "unknown cell in names: 'lstn'. Did you mean 'lstm'?"),
        ({"Wx": "W_xh"}, "unknown array in names: 'Wx'"),
    ],
)
def test_a_name_that_is_none_is_refused_with_the_nearest(names, says):
    """It renamed nothing, and nobody was told."""
    with pytest.raises(UnknownName, match=says.replace("?", r"\?")):
        bc.Convention(names=names)


def test_names_of_every_array_are_taken():
    """Of cells, the head, the data, of two arrays in one, and of one cell alone."""
    every = ["W_xh", "b_hh", "W", "b", "b_y", "x", "c0", "targets", "h", "cotangent_c_n", "gru.b_h"]
    convention = bc.Convention(names={name: name.upper() for name in every})

    assert list(convention.names) == every
