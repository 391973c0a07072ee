"""Code without an axis of the batch sees one sequence at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.adapted_code import Reference, verdict

import bptt_check as bc
from bptt_check.conventions.per_sequence import single_sequences
from bptt_check.equations.exact import exact_gradients, exact_loss


@pytest.mark.parametrize("model", ["lstm+mean", "gru+mse+mean+last", "rnn-tanh+linear"])
@pytest.mark.parametrize("lengths", [False, True])
def test_sequences_one_by_one_add_up_to_the_case(model: str, lengths: bool) -> None:
    """Loss and gradients of the whole, exactly as weighted."""
    case = bc.Spec(bc.Model.parse(model), bc.Sizes(4, 3, 2, 2, 2), lengths=lengths, seed=2).build()

    singles = list(single_sequences(case))

    assert sum(w * exact_loss(c) for _, c, w in singles) == pytest.approx(exact_loss(case))
    summed = sum(w * exact_gradients(c)["W_hh_l0"] for _, c, w in singles)
    assert np.allclose(summed, exact_gradients(case)["W_hh_l0"])


@pytest.mark.parametrize("lengths", [False, True])
def test_code_without_a_batch_passes_on_batches(lengths: bool) -> None:
    """It sees one sequence at a time, of its own length, and its gradients are added up."""

    def single(view: Any) -> Any:
        assert view.x.ndim == 2
        assert view.lengths is None
        one = view.case
        loss, grads = Reference(one)
        grads |= {"x": grads["x"][:, 0], "h0": grads["h0"][:, 0]}
        return loss, grads

    model = bc.Model("rnn", loss="mse", reduction="mean")
    case = bc.Spec(model, bc.Sizes(4, 3, 2, 2, 2), lengths=lengths, seed=2).build()

    report = verdict(bc.Convention(batch="none").adapt(single), case)

    assert report.verdict == "pass", report.message
