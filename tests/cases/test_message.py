"""A message is a record until it is printed, and ends in what can be typed or pasted."""

from __future__ import annotations

import pytest

from bptt_check.cases.message import Message, preformatted, reproduction_lines


def test_a_command_stands_beside_its_word():
    """So that the last line of a message is the one to copy."""
    assert str(Message("FAIL", ("why",), "go it")) == "FAIL\n  why\n  reproduce: go it"


def test_lines_that_are_pasted_stand_below_it_without_indentation():
    """Indented they would be no Python."""
    text = str(Message("FAIL", ("why",), "import it\nprint(it)"))

    assert text == "FAIL\n  why\n  reproduce:\nimport it\nprint(it)"


@pytest.mark.parametrize(("typed", "count"), [("", 0), ("a", 1), ("a\nb", 3)])
def test_lines_that_are_never_cut_are_counted(typed, count):
    """None, the command, or the block with its word."""
    assert len(reproduction_lines(typed)) == count


def test_a_notebook_shows_the_text_and_nothing_in_it_is_markup():
    """Names are the user's."""
    assert preformatted("<b>\n a & b").endswith(">&lt;b&gt;\n a &amp; b</pre>")
