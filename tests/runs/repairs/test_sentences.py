"""A repair in a line."""

from __future__ import annotations

from dataclasses import replace

from bptt_check.runs.repairs.records import LineEdit, Repair, Searched, TracedValue, Verified
from bptt_check.runs.repairs.sentences import departs, nothing_found, told_of

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
        "a.py:3: dh is h_t_bar in the first 1 of its 3 turns, then no longer",
    ]


def test_a_value_that_never_is_one_of_the_textbooks() -> None:
    """In none of its turns."""
    assert departs(TracedValue("a.py", 3, "da", "", 0, 3)) == (
        "a.py:3: da is no quantity of the equations in any of its 3 turns"
    )
    assert departs(TracedValue("a.py", 3, "da", "", 0, 1)).endswith("in its only turn")
