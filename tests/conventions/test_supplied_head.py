"""Head and loss for a kernel that has neither."""

from __future__ import annotations

import pytest
from support.adapted_code import KERNEL, PLAIN, forward, verdict

import bptt_check as bc
from bptt_check.errors import SpecError


@pytest.mark.parametrize("model", ["rnn-tanh", "rnn-tanh+linear", "rnn-tanh+mse+mean+last"])
@pytest.mark.parametrize("lengths", [False, True])
def test_a_kernel_gets_every_loss(model: str, lengths: bool) -> None:
    """Head, readout, lengths and cotangents of the final state are supplied."""
    sizes = bc.Sizes(4, 3, 3, 2, 3)
    case = bc.Spec(bc.Model.parse(model), sizes, seed=1, lengths=lengths).build()

    report = verdict(PLAIN.adapt(forward, **KERNEL), case)

    assert report.verdict == "pass", report.message


def test_a_kernel_cannot_carry_every_cotangent() -> None:
    """Final states of an LSTM or of lower layers do not go through dh: declined, and models without
    such cotangents are not.
    """
    subject = PLAIN.adapt(forward, **KERNEL)

    assert not subject.supports(bc.Model.parse("lstm+linear"))
    assert not subject.supports(bc.Model.parse("rnn-tanh+2layers+linear"))
    for model in (
        "lstm+mse",
        "lstm+linear+h_n",
        "lstm+linear+outputs",
        "gru+2layers+linear+outputs",
    ):
        assert subject.supports(bc.Model.parse(model))
    assert not subject.supports(bc.Model.parse("gru+2layers+linear+h_n"))
    with pytest.raises(SpecError, match=r"dh alone cannot carry; .* is 'lstm\+linear\+h_n'"):
        PLAIN.adapt(forward, **KERNEL, models=["lstm+linear"])
