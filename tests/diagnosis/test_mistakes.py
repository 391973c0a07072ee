"""The textbook is right as it stands, and wrong in the way that its mistakes say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.diagnosis import page
from bptt_check.diagnosis.mistakes import textbook
from bptt_check.diagnosis.mistakes.dictionary import Entry, all_entries, entries
from bptt_check.diagnosis.mistakes.mistake import KINDS, Mistake
from bptt_check.diagnosis.mistakes.named import mistakes
from bptt_check.diagnosis.mistakes.textbook import Change
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
def test_unedited_it_is_right(line: str) -> None:
    """Without an edit its gradient is that of the tape, for every kind of model."""
    case = bc.Spec.parse(line).build()
    got, want = textbook.gradients(case, textbook.run(case)), exact_gradients(case)

    assert set(want) <= set(got)
    for name, gradient in want.items():
        np.testing.assert_allclose(got[name], gradient, rtol=0, atol=1e-13)


def test_an_edit_cannot_spoil_what_later_ones_read() -> None:
    """An edit that writes into a stored array does not run, and the next finds all as it was."""
    case = bc.Spec.parse("rnn-tanh T=3").build()
    runs = textbook.run(case)
    before = textbook.gradients(case, runs)
    spoil = Mistake("", "", "loss_backward", (("np.zeros_like(h)", "h"),)).change

    with pytest.raises(ValueError, match="read-only"):
        textbook.gradients(case, runs, [spoil])
    after = textbook.gradients(case, runs)

    assert all(np.array_equal(before[n], after[n]) for n in before)


def test_an_edit_in_one_layer_only() -> None:
    """A mistake made in the upper layer leaves its parameters in the lower one alone."""
    case = bc.Spec.parse("rnn-tanh+2layers T=3").build()
    runs = textbook.run(case)
    twice = next(m for m in mistakes() if m.phrase == "the gradient of b_h is added twice")
    change = Change(twice.function, twice.change.edits, only=(1, "_l1"))
    got, want = textbook.gradients(case, runs, [change]), textbook.gradients(case, runs)

    np.testing.assert_allclose(got["b_h_l1"], 2 * want["b_h_l1"])
    np.testing.assert_array_equal(got["b_h_l0"], want["b_h_l0"])


def test_edits_that_meet_are_refused() -> None:
    """Two edits of the same characters have no meaning together."""
    start = textbook.pages()["rnn_backward"].start
    changes = [Change("rnn_backward", (Edit(start, start + 3, text),)) for text in ("def", "DEF")]

    with pytest.raises(ValueError, match="two edits of rnn_backward meet"):
        textbook.merged("rnn_backward", changes, None)


def test_a_mistake_must_be_found_in_the_textbook() -> None:
    """A text that the function does not have exactly once is an error that says so."""
    lost = Mistake("index", "", "rnn_backward", (("a_bar @ W_hy", ""),))

    with pytest.raises(ValueError, match="rnn_backward has 'a_bar @ W_hy' 0 times"):
        _ = lost.change


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_has_mistakes(kind: str) -> None:
    """Each class of mistakes has some, and no mistake has a class of its own."""
    assert any(m.kind == kind for m in mistakes())
    assert {m.kind for m in mistakes()} <= set(KINDS)


def test_an_entry_says_what_and_where() -> None:
    """Every entry has a phrase and two different lines."""
    for entry in all_entries():
        assert entry.phrase
        assert entry.right != entry.wrong


def test_single_edits_are_in_words() -> None:
    """Operators and names become a sentence about gates and states."""
    phrases = {e.phrase for e in all_entries()}

    assert (
        "the forget gate f is used in place of the input gate i in the gradient of the candidate g"
        in (phrases)
    )
    assert "the factor `tanh_c` is missing in the gradient of the output gate o" in phrases
    assert "the gradient of W_hh is assigned where it should be added" in phrases
    assert "the gradient of W_xh is never computed" in phrases


@pytest.mark.parametrize("model", ["rnn-tanh", "gru"])
def test_a_model_has_no_mistakes_of_what_it_lacks(model: str) -> None:
    """A cell without a cell state has no mistake that is about one."""
    found: list[Entry] = entries(bc.Model.parse(model))

    assert not any("c_t" in e.phrase or "cell state" in e.phrase for e in found)
    assert any("cell state" in e.phrase for e in entries(bc.Model.parse("lstm")))


def test_the_page_of_mistakes_is_current() -> None:
    """`docs/mistakes.md` is what the dictionary gives; the message says how to write it anew."""
    written = Path(__file__).parents[2] / "docs" / "mistakes.md"

    assert written.read_text("utf-8") == page.page(), (
        "run: python -m bptt_check.diagnosis.page docs/mistakes.md"
    )


def test_the_page_says_how_a_mistake_shows() -> None:
    """A lost carry shows from T = 2, in everything but the head."""
    lost = next(e for e in all_entries() if e.phrase.startswith("the gradient that h_t gets"))

    assert page.wrong_gradients(lost, "rnn-tanh", 1) == []
    assert page.wrong_gradients(lost, "rnn-tanh", 2) == ["W_xh_l0", "W_hh_l0", "b_h_l0", "x", "h0"]


def test_the_page_is_written_by_its_module(tmp_path: Path) -> None:
    """Run as a module it writes the file that it is given."""
    target = tmp_path / "mistakes.md"
    command = [sys.executable, "-W", "ignore", "-m", "bptt_check.diagnosis.page", str(target)]
    subprocess.run(command, check=True)

    assert target.read_text("utf-8").startswith("# Common mistakes\n")
