"""Which lines have right values, and which was the first wrong one."""

from __future__ import annotations

from bptt_check.diagnosis.repair.evidence import LAST, RIGHT, UNTRACED, WRONG, known_lines
from bptt_check.diagnosis.repair.messages import Departure
from bptt_check.diagnosis.repair.own_file import OwnFile

CODE = """def f(a):
    z = a + a
    b = g(z)
    c = b + b
    return c
"""
FILES = [OwnFile("a.py", CODE)]


def value(line: int, name: str, quantity: str, held: int, when: int, first: int) -> Departure:
    """Of three turns."""
    return Departure("a.py", "f", line, name, quantity, held, 3, when, first)


def test_a_right_value_clears_its_line_and_what_it_is_made_of() -> None:
    """Two quantities together are none of the textbook's; what reads them is."""
    found = known_lines([value(2, "z", "", 0, 1, 1), value(3, "b", "h_t", 3, 0, 2)], FILES)

    assert found == {("a.py", 2): (RIGHT, LAST), ("a.py", 3): (RIGHT, LAST)}


def test_a_value_is_right_as_long_as_what_is_made_of_it() -> None:
    """Then it may be where the fault is: just before."""
    found = known_lines([value(2, "z", "", 0, 1, 1), value(3, "b", "h_t", 2, 8, 2)], FILES)

    assert found == {("a.py", 2): (WRONG, 7), ("a.py", 3): (WRONG, 8)}


def test_what_nobody_right_reads_is_wrong_from_its_first_value_on() -> None:
    """Also where something later is right."""
    found = known_lines([value(3, "b", "", 0, 5, 5), value(4, "c", "", 0, 6, 6)], FILES)

    assert found == {("a.py", 3): (WRONG, 5), ("a.py", 4): (WRONG, 6)}


def test_a_sign_that_is_not_the_usual_one_is_wrong() -> None:
    """Of cotangents; where all are negated, that is usual."""
    bars = [value(n, "b", "h_t_bar", 3, 0, n) for n in (2, 3)]
    odd = value(4, "c", "-a_t_bar", 3, 0, 4)

    assert known_lines([*bars, odd])["a.py", 4] == (WRONG, 4)
    assert known_lines([odd])["a.py", 4] == (RIGHT, LAST)


def test_nothing_is_known_of_a_part_of_a_sum() -> None:
    """Only of the whole sum; what is written over is no part of it."""
    code = "def f(a):\n    d = a\n    d {}= a\n    return d\n"
    added, assigned = (
        known_lines(
            [value(2, "d", "", 0, 1, 1), value(3, "d", "", 0, 2, 2)],
            [OwnFile("a.py", code.format(sign))],
        )
        for sign in ("+", "")
    )

    assert added == {("a.py", 2): (UNTRACED, LAST), ("a.py", 3): (WRONG, 2)}
    assert assigned["a.py", 2] == (WRONG, 1)


def test_what_is_kept_under_another_key_is_another_value() -> None:
    """A sum under one key tells nothing of that under another; the whole of the dict does."""
    code = "def f(a, g):\n    g['W'] += a\n    g['b'] += a\n    {}\n"
    kept = [value(2, "g['W']", "", 0, 1, 1), value(3, "g['b']", "b_bar", 2, 8, 2)]
    other, whole = (
        known_lines([*kept, value(4, "y", "y", 3, 0, 3)], [OwnFile("a.py", code.format(last))])
        for last in ("y = g['b']", "y = list(g)")
    )

    assert other["a.py", 2] == (WRONG, 1)
    assert whole["a.py", 2] == (RIGHT, LAST)
