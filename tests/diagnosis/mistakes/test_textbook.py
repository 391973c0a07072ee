"""The textbook is right as it stands, and can be edited, everywhere or in one layer only."""

from __future__ import annotations

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.diagnosis.mistakes import textbook
from bptt_check.diagnosis.mistakes.mistake import Mistake
from bptt_check.diagnosis.mistakes.named import named_mistakes
from bptt_check.diagnosis.mistakes.textbook import TextbookEdit
from bptt_check.equations.exact import exact_gradients
from bptt_check.mutation import Edit

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

LINES = (
    "rnn-tanh T=4 B=3",
    "rnn-relu+mse+mean T=3 B=2",
    "rnn-sigmoid+bce+last T=3",
    "rnn-identity+linear T=2 lengths",
    "lstm+2layers+bidirectional T=4 B=3",
    "lstm+2layers+linear T=5 B=3 k1=2 k2=3 lengths",
    "gru+2layers+bidirectional+linear T=4 B=3 lengths",
    "gru-reset-before+last+nobias T=4 B=3 lengths",
)


@pytest.mark.parametrize("line", LINES)
def test_unedited_textbook_has_exact_gradients(line: str) -> None:
    """Without an edit its gradient is that of the tape, for every kind of model."""
    case = bc.Spec.parse(line).build()
    got, want = textbook.edited_gradients(case, textbook.run_forward(case)), exact_gradients(case)

    assert set(want) <= set(got)
    for name, gradient in want.items():
        np.testing.assert_allclose(got[name], gradient, rtol=0, atol=1e-13)


def test_edit_cannot_write_into_what_later_ones_read() -> None:
    """An edit that writes into a stored array does not run, and the next finds all as it was."""
    case = bc.Spec.parse("rnn-tanh T=3").build()
    runs = textbook.run_forward(case)
    before = textbook.edited_gradients(case, runs)
    spoil = Mistake("", "", "loss_backward", (("np.zeros_like(h)", "h"),)).change

    with pytest.raises(ValueError, match="read-only"):
        textbook.edited_gradients(case, runs, [spoil])
    after = textbook.edited_gradients(case, runs)

    assert all(np.array_equal(before[n], after[n]) for n in before)


def test_edit_in_one_layer_leaves_the_other_alone() -> None:
    """A mistake made in the upper layer leaves its parameters in the lower one alone."""
    case = bc.Spec.parse("rnn-tanh+2layers T=3").build()
    runs = textbook.run_forward(case)
    twice = next(m for m in named_mistakes() if m.phrase == "the gradient of b_h is added twice")
    change = TextbookEdit(twice.function, twice.change.edits, only=(1, "_l1"))
    got, want = (
        textbook.edited_gradients(case, runs, [change]),
        textbook.edited_gradients(case, runs),
    )

    np.testing.assert_allclose(got["b_h_l1"], 2 * want["b_h_l1"])
    np.testing.assert_array_equal(got["b_h_l0"], want["b_h_l0"])


def test_edits_of_the_same_characters_are_refused() -> None:
    """Two edits of the same characters have no meaning together."""
    start = textbook.textbook_functions()["rnn_backward"].start
    changes = [
        TextbookEdit("rnn_backward", (Edit(start, start + 3, text),)) for text in ("def", "DEF")
    ]

    with pytest.raises(ValueError, match="two edits of rnn_backward meet"):
        textbook.merged("rnn_backward", changes, None)
