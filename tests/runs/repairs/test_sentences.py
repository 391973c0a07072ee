"""A repair in a line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import searches

from bptt_check.runs.repairs.records import LineEdit, Repair, Searched, TracedValue, Verified
from bptt_check.runs.repairs.sentences import (
    departs,
    headline_of,
    nothing_found,
    search_lines,
    told_of,
    value_note,
)

EDIT = LineEdit("a.py", 1, "x", "y", "swap name")
REPAIR = Repair("", (EDIT,), Verified(100, ("torch", "jax"), ("lstm",), ("float64",), 1), tried=412)


def test_what_a_repair_was_verified_by() -> None:
    """And how many others would do."""
    assert told_of(REPAIR) == (
        "verified on 100 fresh cases by torch, jax; 1 of 412 edits tried passes"
    )
    assert told_of(replace(REPAIR, also=(EDIT,))).endswith("2 of 412 edits tried pass")


def test_what_is_left_of_a_part() -> None:
    """It is not called verified."""
    told = told_of(replace(REPAIR, verified=None, remaining=("lstm W_hh_l0", "lstm h0")))

    assert told == (
        "these edits explain a part of what is wrong; still wrong with them: lstm W_hh_l0, lstm h0 "
        "(412 edits tried)"
    )


def test_that_there_is_none() -> None:
    """With the lines that come first."""
    trace = (
        TracedValue("a.py", 5, "h", "h_t", 0, 3),
        TracedValue("a.py", 3, "dh", "h_t_bar", 1, 3),
    )
    told = nothing_found(Searched(None, 1, ("a.py:3", "a.py:5"), 20.4, trace))

    assert told.splitlines() == [
        "no repair: none of 1 edit tried in 20 s makes a gradient right that was wrong and leaves "
        "the others right",
        "the lines that reach most of what is wrong, and least of what is right:",
        "  a.py:3",
        "  a.py:5",
        "a.py:3: dh is h_t_bar in the first of its 3 turns, then no longer",
    ]


def test_a_value_that_never_is_one_of_the_textbooks() -> None:
    """In none of its turns."""
    assert departs(TracedValue("a.py", 3, "da", "", 0, 3)) == (
        "a.py:3: da is no quantity of the equations in any of its 3 turns"
    )
    assert departs(TracedValue("a.py", 3, "da", "", 0, 1)).endswith("in its only turn")


def test_lines_of_a_message_show_the_edit() -> None:
    """Its place, then the line before and after."""
    assert search_lines(searches.search()) == [
        "  this edit makes it right, verified on 100 fresh cases by torch, jax; 1 of 412 edits "
        "tried passes:",
        "    a.py:3",
        "    - dW += da @ h[t]",
        "    + dW += da @ h[t - 1]",
    ]


def test_lines_of_a_part_do_not_call_it_right() -> None:
    """They say what is left."""
    part = searches.repair(verified=None, remaining=("lstm h0",))
    first, *rest = search_lines(searches.search(repair=part))

    assert "right" not in first
    assert "still wrong with them: lstm h0" in first
    assert rest[0] == "    a.py:3"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"repair": None}, ["  look first at a.py:3: dW is W_hh_bar in the first of its 3 turns, "
                            "then no longer"]),
        ({"repair": None, "trace": ()}, ["  look first at a.py:3"]),
        ({"repair": None, "trace": (), "lines": ()}, []),
        ({"repair": None, "why_not": "it is a program"}, []),
    ],
)  # fmt: skip
def test_lines_without_a_repair_say_where_to_look(
    changes: dict[str, object], said: list[str]
) -> None:
    """Or nothing, where nothing is known."""
    assert search_lines(searches.search(**changes)) == said


def test_headlines_are_of_what_was_found() -> None:
    """A repair, two edits, a part, nothing, and what could not be searched."""
    two = searches.repair(edits=(EDIT, EDIT))
    part = searches.repair(verified=None, remaining=("lstm h0",))
    told = {
        "This edit makes it right, verified on ": searches.search(),
        "These 2 edits make it right, ": searches.search(repair=two),
        "These edits explain a part of what is wrong": searches.search(repair=part),
        "No repair: none of 412 edits tried in 2 s ": searches.search(repair=None),
        "No edit was searched for: it is a program": searches.search(why_not="it is a program"),
    }
    for start, searched in told.items():
        assert headline_of(searched).startswith(start)


def test_notes_are_of_values_that_are_known() -> None:
    """In every turn, or in the first ones."""
    known, part, *_ = searches.TRACE

    assert value_note(known) == ["da is a_t_bar"]
    assert value_note(part) == ["dW is W_hh_bar in the first of 3 turns"]
    assert value_note(replace(known, held=0)) == []
    assert value_note(replace(known, quantity="")) == []
