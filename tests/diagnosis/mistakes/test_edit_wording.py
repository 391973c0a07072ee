"""Single edits are told in words."""

from __future__ import annotations

from bptt_check.diagnosis.mistakes.dictionary import all_entries


def test_single_edits_are_in_words() -> None:
    """Operators and names become a sentence about gates and states."""
    phrases = {e.phrase for e in all_entries()}

    assert (
        "the forget gate f is used in place of the input gate i in the gradient of the candidate g"
    ) in phrases
    assert "the factor `tanh_c` is missing in the gradient of the output gate o" in phrases
    assert "the gradient of W_hh is assigned where it should be added" in phrases
    assert "the gradient of W_xh is never computed" in phrases
