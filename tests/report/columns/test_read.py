"""A table that no run writes is refused by its place, whatever it is, and in no time."""

from __future__ import annotations

from typing import Any

import pytest

from bptt_check.report.columns.read import MOST_EXPANDED, Expansion, records_of

HUGE = 10**30


def read(table: Any) -> list[Any]:
    """The records of a table."""
    return records_of(table, "$.rows", Expansion())


def of_column(column: Any, length: Any = 2) -> dict[str, Any]:
    """A table of one column, and one beside it."""
    return {"length": length, "columns": {"ok": {"every": 1}, "a": column}}


INNER = {"length": 2, "columns": {"b": [1, 2]}}
REFUSED: dict[str, tuple[Any, str]] = {
    "list": ([], r"^\$\.rows is no object of length, columns: \[\]"),
    "nothing": (None, r"is no object of length, columns: None"),
    "no length": ({"columns": {}}, "is no object of length, columns"),
    "more names": ({**INNER, "x": 1}, "is no object of length, columns"),
    "length of a word": (of_column([1, 2], "2"), "is no table: '2' records"),
    "length of truth": (of_column([1], True), "is no table: True records"),
    "length below zero": (of_column([], -1), "is no table: -1 records"),
    "length of half": (of_column([1], 1.5), "is no table: 1.5 records"),
    "columns of a text": ({"length": 1, "columns": "a"}, "is no table: 1 records of 'a'"),
    "no columns": ({"length": 1, "columns": {}}, "is no table: 1 records of {}"),
    "other length": (of_column([1, 2], HUGE), "tables hold more than 134,217,728 bytes"),
    "shorter column": (of_column([1]), r"^\$\.rows\.a has 1 values for 2 records"),
    "longer column": (of_column([1, 2, 3]), "a has 3 values for 2 records"),
    "column of a number": (of_column(3), "a has no list of values for 2 records"),
    "column of nothing": (of_column(None), "a has no list of values for 2 records"),
    "unknown form": (of_column({"all": 1}), "a has no form of a column: {'all': 1}"),
    "no form": (of_column({}), "a has no form of a column: {}"),
    "two forms": (of_column({"every": 1, "levels": "--"}), "a is no object of every: "),
    "place beyond": (of_column({"values": [1], "places": [0, 1]}), "has 1 values and none at 1"),
    "place below zero": (of_column({"values": [1], "places": [0, -1]}), "no lists of values and"),
    "place of truth": (of_column({"values": [1], "places": [0, False]}), "no lists of values and"),
    "place of a word": (of_column({"values": [1], "places": [0, "0"]}), "no lists of values and"),
    "huge place": (of_column({"values": [1], "places": [0, HUGE]}), "none at 1000000000"),
    "fewer places": (of_column({"values": [1], "places": [0]}), "a has 1 values for 2 records"),
    "values of a text": (of_column({"values": "ab", "places": [0, 1]}), "no lists of values and"),
    "huge count": (of_column({"values": [1], "counts": [HUGE]}), r"a has 1000000000.* for 2 rec"),
    "count of a word": (of_column({"values": [1], "counts": ["2"]}), "a count for each"),
    "fewer counts": (of_column({"values": [1, 2], "counts": [2]}), "a count for each"),
    "lengths of words": (of_column({"lengths": [1, "1"], "entries": INNER}), "lengths that are no"),
    "lengths of another sum": (
        of_column({"lengths": [1, 2], "entries": INNER}), "a has 2 entries for lengths of 3"
    ),
    "huge lengths": (of_column({"lengths": {"every": HUGE}, "entries": INNER}), "lengths of 2000"),
    "entries of a list": (of_column({"lengths": [1, 1], "entries": [1, 2]}), "a is no object of l"),
    "entries in entries": (
        of_column({"lengths": [1, 1], "entries": of_column([1])}), r"\$\.rows\.a\.a has 1 values"
    ),
    "present as a number": (of_column({"present": [1, 1], "entries": INNER}), "true and false"),
    "present once": (
        of_column({"present": [True, False], "entries": INNER}), "has 2 entries for lengths of 1"
    ),
    "levels of numbers": (of_column({"levels": [1, 2]}), "a has 1, which is no text of levels"),
    "levels of nothing": (of_column({"levels": None}), "a has None, which is no text of levels"),
    "fewer levels": (of_column({"levels": ["--"]}), "a has 1 values for 2 records"),
    "commands": ({"length": 2, "columns": {"\x1b[2J": [1]}}, r"rows\.\\x1b\[2J has 1 values"),
    "name without end": ({"length": 2, "columns": {"k" * 10**6: [1]}}, r"\$\.rows\.k{50,100}\S* h"),
}  # fmt: skip
"""What is wrong with a table, to it and what is said of it."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused(name: str) -> None:
    """By what is wrong, and where."""
    table, words = REFUSED[name]

    with pytest.raises(ValueError, match=words):
        read(table)


def test_the_right_ones_among_them_are_read() -> None:
    """Else all of them could be refused for one reason."""
    several = of_column({"lengths": [0, 2], "entries": INNER})
    optional = of_column({"present": [True, True], "entries": INNER})

    assert [record["a"] for record in read(several)] == [[], [{"b": 1}, {"b": 2}]]
    assert [record["a"] for record in read(optional)] == [{"b": 1}, {"b": 2}]


SIZE = 10_000
LONG = "k" * SIZE
COUNT = MOST_EXPANDED // SIZE + 1


@pytest.mark.parametrize(
    "column",
    [
        {"every": LONG},
        {"values": [LONG], "places": [0] * COUNT},
        {"values": [LONG, ""], "counts": [COUNT - 1, 1]},
    ],
)
def test_a_small_table_does_not_become_a_large_one(column: Any) -> None:
    """Each record would be searched for what it must not say, over and over."""
    with pytest.raises(ValueError, match=r"rows\.a: its tables hold more than 134,217,728 bytes"):
        read(of_column(column, COUNT))


def test_a_large_table_is_read() -> None:
    """The sibling that is as long, of short values."""
    assert len(read(of_column({"every": "k"}, COUNT))) == COUNT


def test_all_tables_of_a_run_share_what_they_may_hold() -> None:
    """Else many small ones were a way around it."""
    expansion, table = Expansion(100), of_column({"every": 1}, 5)

    assert len(records_of(table, "$.rows", expansion)) == 5
    with pytest.raises(ValueError, match="more than"):
        records_of(table, "$.rows", expansion)
