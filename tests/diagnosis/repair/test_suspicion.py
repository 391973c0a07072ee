"""The lines that reach what is wrong come first."""

from __future__ import annotations

from bptt_check.diagnosis.repair.own_file import OwnFile
from bptt_check.diagnosis.repair.suspicion import by_suspicion, line_probes
from bptt_check.mutation.missing import Surroundings

CODE = """def f(a):
    b = a
    c, d = b, 2 * b
    if c:
        return d
    return 0
    d = "text"
"""


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


def test_every_statement_that_ran_is_probed() -> None:
    """Each value of several; no text."""
    seen = {("a.py", "f", line): Surroundings({}) for line in (2, 3, 4, 5, 7)}
    found = list(line_probes([OwnFile("a.py", CODE)], seen))

    assert [p.place[1] for p in found] == [2, 3, 3, 5]
    assert "b = (a) * 1.0078125" in found[0].function.text
    assert "c, d = b, (2 * b) * 1.0078125" in found[2].function.text
