"""A wrong gradient as three tables."""

from __future__ import annotations

from bptt_check.report.facts.compared_table import compared_table
from bptt_check.runs.errors.compared_arrays import ComparedArray


def array(parameter: str, shape: tuple[int, ...], gates: tuple[str, ...] = ()) -> ComparedArray:
    """An array that counts up, of which the second entry is wrong by a half."""
    size = 1
    for length in shape:
        size *= length
    want = tuple(float(n) for n in range(size))
    got = tuple(v + (0.5 if n == 1 else 0.0) for n, v in enumerate(want))
    return ComparedArray(parameter, "its name", "certified", shape, got, want, (1,), gates)


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
