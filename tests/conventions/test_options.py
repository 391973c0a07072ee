"""The record of a convention's options, which `Convention` adds nothing to."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

import bptt_check as bc
from bptt_check.conventions.options import Options
from bptt_check.errors import SpecError, UnknownName


def test_a_convention_is_its_options_and_four_methods() -> None:
    """So that everything below it is written for the options, and can be given either."""
    public = {name for name in vars(bc.Convention) if not name.startswith("_")}

    assert public == {"adapt", "parameters", "view", "why_not"}
    assert fields(bc.Convention) == fields(Options)


def test_a_changed_convention_is_a_convention() -> None:
    """`dataclasses.replace` of a preset has the methods, and equals one that was written out."""
    changed = replace(bc.conventions.pytorch, batch="first")

    assert isinstance(changed, bc.Convention)
    assert changed == bc.Convention(names=changed.names, biases="two", batch="first")
    assert changed != bc.conventions.pytorch
    assert repr(changed).startswith("Convention(names=")


def test_options_refuse_what_a_convention_refuses() -> None:
    """Single values, and those that exclude each other, are looked at without a model."""
    with pytest.raises(UnknownName, match="batch"):
        Options(batch="third")
    with pytest.raises(SpecError, match="columns put the batch last"):
        Options(columns=True, batch="first")


def test_only_a_convention_must_express_some_model() -> None:
    """Which arrays there are is known by the layout, which is made for options."""
    names = {"W_xh": "W", "W_hh": "W"}

    assert Options(names=names).names == names
    with pytest.raises(SpecError, match="expresses no model"):
        bc.Convention(names=names)


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
    "columns, rows": ({"columns": True, "rows": True}, r"\(n, 1\) or rows \(1, n\); leave one"),
    "lists, time last": (
        {"lists": True, "time_last": True},
        "and time_last=True: a list",
    ),
    "an axis of one gate": (
        {"gate_axis": ("b_h",), "per_gate": True},
        "gate_axis=.* and per_gate",
    ),
    "stacked, rows": ({"biases": "stacked", "rows": True}, "leave rows out, or say biases='two'"),
    "stacked, in the matrix": (
        {"biases": "stacked", "bias_column": "last"},
        "a row of the stack",
    ),
    "candidate, in the matrix": (
        {"biases": "candidate", "bias_column": {"W_hh": "last"}},
        "shorter than a column",
    ),
    "no such place": ({"bias_column": "lst"}, "unknown bias_column 'lst'. Did you mean 'last'"),
    "no such matrix": ({"bias_column": {"b_h": "last"}}, "unknown array in bias_column: 'b_h'"),
    "transposed nothing": ({"transposed": ("Whh",)}, "unknown array in transposed: 'Whh'.*'W_hh'"),
    "transposed a bias": ({"transposed": ("b_h",)}, "unknown array in transposed: 'b_h'"),
    "a text": (
        {"gate_axis": "b_h"},
        r"True or a tuple of names: gate_axis=\('b_h',\)",
    ),
    "an axis of no gates": ({"gate_axis": ("b_y",)}, "names 'b_y', which has no gates"),
    "one gate": ({"names": {"W_hh_f": "Wf"}}, "is the array of one gate: say per_gate=True"),
    "a long name": (
        {"gate_order": "input forget brain output"},
        "'brain' is not known .* names={'W_hh_f'",
    ),
    "factor": ({"loss_factor": "1/N"}, "loss_factor '1/N' is no factor: .* T, B, D, H and O"),
    "a field": ({"names": {"W_xh": "W{layer}"}}, "may hold {k}, {suffix} and {gate}"),
    "one name for all": (
        {"names": {"W_xh": "W", "W_hh": "W"}},
        "expresses no model; .*W_xh_l0 and W_hh_l0 would both be called 'W'",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_options_that_exclude_each_other_are_refused(what: str) -> None:
    """The message says which options, and why."""
    options, message = REFUSED[what]

    with pytest.raises(SpecError, match=message):
        bc.Convention(**options)


def test_an_unknown_value_is_an_unknown_name() -> None:
    """So that one `except` catches all misspellings."""
    with pytest.raises(UnknownName):
        bc.Convention(biases="three")
