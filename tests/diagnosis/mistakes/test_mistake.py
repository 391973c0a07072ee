"""A named mistake is an edit of the textbook."""

from __future__ import annotations

import pytest

from bptt_check.diagnosis.mistakes.mistake import Mistake


def test_replaced_text_must_occur_once_in_the_textbook() -> None:
    """A text that the function does not have exactly once is an error that says so."""
    lost = Mistake("index", "", "rnn_backward", (("a_bar @ W_hy", ""),))

    with pytest.raises(ValueError, match="rnn_backward has 'a_bar @ W_hy' 0 times"):
        _ = lost.change
