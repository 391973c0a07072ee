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
