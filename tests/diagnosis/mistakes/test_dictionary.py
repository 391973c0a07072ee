"""The dictionary has every edit once, in words, and for a model only what it can get wrong."""

from __future__ import annotations

import pytest

import bptt_check as bc
from bptt_check.diagnosis.mistakes.dictionary import all_entries, entries


def test_entry_has_phrase_and_two_different_lines() -> None:
    """Every entry has a phrase and two different lines."""
    for entry in all_entries():
        assert entry.phrase
        assert entry.right != entry.wrong


@pytest.mark.parametrize("model", ["rnn-tanh", "gru"])
def test_model_has_no_mistakes_of_what_it_lacks(model: str) -> None:
    """A cell without a cell state has no mistake that is about one."""
    own = entries(bc.Model.parse(model))

    assert not any("c_t" in e.phrase or "cell state" in e.phrase for e in own)
    assert any("cell state" in e.phrase for e in entries(bc.Model.parse("lstm")))
