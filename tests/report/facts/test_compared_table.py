"""A wrong gradient as three tables."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bptt_check.report.facts.compared_table import compared_table, table_lines
from bptt_check.runs.errors.compared_arrays import ComparedArray


def array(parameter: str, shape: tuple[int, ...], gates: tuple[str, ...] = ()) -> ComparedArray:
    """An array that counts up, of which the second entry is wrong by a half."""
    size = 1
    for length in shape:
        size *= length
    want = tuple(float(n) for n in range(size))
    got = tuple(v + (0.5 if n == 1 else 0.0) for n, v in enumerate(want))
    axes = tuple(range(len(shape)))
    return ComparedArray(parameter, "its name", "certified", shape, axes, got, want, (1,), gates)


def test_rows_and_columns_have_headings() -> None:
    """Gate and unit; what a column multiplies."""
    table = compared_table(array("W_hh_l0", (4, 2), ("r", "z")))
    titles = [title for title, _ in table.matrices]

    assert titles == ["got", "expected", "difference"]
    assert table.columns == ("h 0", "h 1")
    assert [heading for heading, _ in table.matrices[0][1]] == ["r 0", "r 1", "z 0", "z 1"]


def test_what_is_over_budget_is_marked_in_all_three() -> None:
    """With the number in full beside it."""
    table = compared_table(array("W_hh_l0", (2, 2)))
    marked = [rows[0][1][1] for _, rows in table.matrices]

    assert [(c.text, c.exact, c.over) for c in marked] == [
        ("1.5", "1.5", True),
        ("1", "1.0", True),
        ("0.5", "0.5", True),
    ]
    assert not table.matrices[0][1][0][1][0].over


def test_vectors_inputs_and_unknown_arrays_have_places() -> None:
    """A bias has one column; leading axes are counted in the rows."""
    bias = compared_table(array("b_h_l0", (3,)))
    x = compared_table(array("x", (2, 1, 2)))
    own = compared_table(array("decay", (2, 2)))

    assert (bias.columns, [h for h, _ in bias.matrices[0][1]]) == (("",), ["0", "1", "2"])
    assert [h for h, _ in x.matrices[0][1]] == ["step 0, sequence 0", "step 1, sequence 0"]
    assert (own.columns, [h for h, _ in own.matrices[0][1]]) == (("0", "1"), ["0", "1"])


def test_a_table_that_is_too_wide_comes_in_parts() -> None:
    """No line is longer than the screen is wide, and each part has the headings of the rows."""
    lines = table_lines(compared_table(array("W_hh_l0", (2, 9))), 40)

    assert max(map(len, lines[1:])) <= 40
    assert lines[1:8] == [
        "got",
        "        h 0   h 1   h 2   h 3   h 4",
        "unit 0    0   1.5*    2     3     4",
        "unit 1    9    10    11    12    13",
        "        h 5   h 6   h 7   h 8",
        "unit 0    5     6     7     8",
        "unit 1   14    15    16    17",
    ]


@pytest.mark.parametrize("screen", [1, 10, 23, 24, 80, 200])
def test_every_number_is_there_once_however_narrow_the_screen(screen: int) -> None:
    """At least one column in each part, and matrices beside each other where there is room."""
    text = "\n".join(table_lines(compared_table(array("W_hy", (2, 5))), screen))

    assert re.findall(r"h \d", text) == [f"h {n}" for n in range(5)] * 3
    assert text.count("*") == 1 + 3  # the heading, and the wrong entry in each matrix


def test_axes_are_those_of_the_reader() -> None:
    """A transposed matrix has gates in its columns; one that the contract lacks is blank."""
    own = replace(array("W_hh_l0", (2, 4), ("r", "z")), axes=(1, 0))
    apart = replace(array("W_hh_l0", (2, 2, 2), ("r", "z")), axes=(0, 0, 1))
    flat = replace(array("b_h_l0", (1, 4), ("r", "z")), axes=(-1, 0))

    assert compared_table(own).columns == ("r 0", "r 1", "z 0", "z 1")
    assert [h for h, _ in compared_table(own).matrices[0][1]] == ["h 0", "h 1"]
    assert [h for h, _ in compared_table(apart).matrices[0][1]] == [
        "r, unit 0",
        "r, unit 1",
        "z, unit 0",
        "z, unit 1",
    ]
    assert compared_table(flat).columns == ("r 0", "r 1", "z 0", "z 1")
    assert [h for h, _ in compared_table(flat).matrices[0][1]] == [""]


def test_rows_of_a_large_array_keep_their_places() -> None:
    """And how many are left out is said."""
    whole = array("W_hh_l0", (4, 2), ("r", "z"))
    part = compared_table(replace(whole, rows=(1, 2), got=whole.got[2:6], want=whole.want[2:6]))

    assert [heading for heading, _ in part.matrices[0][1]] == ["r 1", "z 0"]
    assert part.note == "expected by certified; 2 more rows less far off"
    assert table_lines(part)[0] == f"its name, {part.note}; * is over budget"
    assert compared_table(whole).note == "expected by certified"
