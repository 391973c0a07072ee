"""The lines that reach what is wrong come first."""

from __future__ import annotations

from bptt_check.diagnosis.repair.evidence import LAST, RIGHT, WRONG
from bptt_check.diagnosis.repair.suspicion import by_suspicion


def test_a_line_that_reaches_all_that_is_wrong_and_little_else_comes_first() -> None:
    """Then what reaches more that is right, then what misses something that is wrong."""
    reached = {("f", 1): [[1, 2, 3]], ("f", 2): [[1]], ("f", 3): [[1, 2]], ("f", 4): [[0]]}
    order = by_suspicion(reached, [1, 2], {("f", n) for n in range(1, 6)})

    assert sorted(order, key=lambda place: order[place])[:2] == [("f", 3), ("f", 1)]
    assert order["f", 4] > order["f", 2]


def test_a_line_without_an_answer_is_not_left_out() -> None:
    """An `if`, a call that gives a tuple: nothing is known of it."""
    order = by_suspicion({("f", 1): [None]}, [1], {("f", 1), ("f", 2)})

    assert set(order) == {("f", 1), ("f", 2)}


def test_the_first_wrong_value_comes_first_among_lines_that_reach_the_same() -> None:
    """Right ones later, those of which nothing is known between, silent ones at the end."""
    lines = [("f", n) for n in range(1, 6)]
    reached = {place: [[1, 2]] for place in lines[:4]}
    known = {("f", 1): (RIGHT, LAST), ("f", 2): (WRONG, 9), ("f", 3): (WRONG, 7)}
    order = by_suspicion(reached, [1, 2], lines, known)

    assert [line for _, line in sorted(order, key=lambda place: order[place])] == [3, 2, 4, 1, 5]


def test_a_right_line_that_reaches_exactly_what_is_wrong_comes_before_others() -> None:
    """A sum that is assigned: each of its values is a share of the textbook's."""
    reached = {("f", 1): [[1, 2, 3, 4]], ("f", 2): [[1]]}
    order = by_suspicion(reached, [1], list(reached), {("f", 2): (RIGHT, LAST)})

    assert order["f", 2] == 0


def test_a_statement_is_as_suspicious_as_its_most_suspicious_value() -> None:
    """One argument of a call reaches exactly what is wrong, the others what is right."""
    reached = {("f", 1): [[1, 2]], ("f", 2): [[2, 3, 4], [1], [3]]}
    order = by_suspicion(reached, [1], list(reached))

    assert order["f", 2] == 0


def test_of_two_faults_lines_that_reach_nothing_else_come_between() -> None:
    """Neither reaches all that is wrong; what does reaches much that is right."""
    reached = {
        ("f", 1): [[1, 2, 3, 4, 5]],
        ("f", 2): [[1, 2, 3, 4, 5, 6]],
        ("f", 3): [[3]],
        ("f", 4): [[1, 2]],
        ("f", 5): [[4, 5]],
    }
    order = by_suspicion(reached, [1, 2, 3], list(reached))

    assert [n for _, n in sorted(order, key=lambda place: order[place])] == [1, 4, 2, 3, 5]
