"""A parameter by the name that it has in the convention of a subject."""

from __future__ import annotations

import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.conventions.expression import in_own_names

OWN_NAMES = {
    "renamed": (bc.conventions.cs231n, "lstm", "W_hh_l0", "W_hh_l0 is Wh in your convention"),
    "joined": (bc.Convention(joined="xh"), "lstm", "W_xh_l0", "W_xh_l0 is W_l0 in your convention"),
    "spread": (
        bc.conventions.flax, "gru", "b_hh_l0",
        "b_hh_l0 is ir/bias, iz/bias, hn/bias in your convention",
    ),
    "the same": (bc.Convention(transposed=True), "lstm", "W_hh_l0", ""),
    "no parameter": (bc.conventions.cs231n, "lstm", "loss", ""),
}  # fmt: skip


@pytest.mark.parametrize("what", OWN_NAMES)
def test_a_parameter_is_also_named_as_in_its_convention(what: str) -> None:
    """Whatever array of theirs a parameter is part of."""
    convention, model, parameter, sentence = OWN_NAMES[what]
    subject = convention.adapt(lambda view: (0.0, {}))

    assert in_own_names(subject, bc.Model.parse(model), parameter) == sentence
    assert in_own_names(loss_and_grads, bc.Model.parse(model), parameter) == ""
