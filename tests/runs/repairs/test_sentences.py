"""A repair in a line."""

from __future__ import annotations

from dataclasses import replace

from bptt_check.runs.repairs.records import LineEdit, Repair, Searched, Verified
from bptt_check.runs.repairs.sentences import nothing_found, told_of

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
    told = nothing_found(Searched(None, 1, ("a.py:3", "a.py:5"), 20.4))

    assert told.splitlines() == [
        "no repair: none of 1 edit tried in 20 s makes a gradient right that was wrong and leaves "
        "the others right",
        "the lines that reach most of what is wrong, and least of what is right:",
        "  a.py:3",
        "  a.py:5",
    ]
