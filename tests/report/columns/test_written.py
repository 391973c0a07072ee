"""Tables take the shortest form for each column."""

from __future__ import annotations

from typing import Any

import pytest

from bptt_check.report.columns.read import Expansion, records_of
from bptt_check.report.columns.written import column_of, table_of

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([3, 3, 3], {"every": 3}),
        ([1, 2, 3], [1, 2, 3]),
        (["long", "word", "long", "word"] * 3, {"values": ["long", "word"], "places": [0, 1] * 6}),
        (["a"] * 9 + ["b"] * 9, {"values": ["a", "b"], "counts": [9, 9]}),
        ([NAN, INF, -INF], ["nan", "inf", "-inf"]),
        ([0.0, -0.0, 1.0], [0.0, -0.0, 1.0]),
        ([True, False, True], [True, False, True]),
        ([(1, 2), (3,)], [[1, 2], [3]]),
        ([(), ()], {"every": []}),
    ],
)
def test_a_column_has_the_shortest_form(values: list[Any], want: Any) -> None:
    """One value for all, the different ones with their places or counts, or as it is."""
    found = column_of("it", values)

    assert repr(found) == repr(want)


RECORDS: dict[str, list[Any]] = {
    "none": [],
    "one": [{"a": 1, "b": "x"}],
    "records in records": [{"a": [{"b": 1}, {"b": 2}]}, {"a": []}, {"a": [{"b": 3}]}],
    "a record or none": [{"a": None}, {"a": {"b": 1}}, {"a": None}],
    "always a record": [{"a": {"b": [1, 2], "c": {"d": 0.5}}}, {"a": {"b": [], "c": {"d": 0.5}}}],
    "pairs": [{"a": [[1, 2], [3, 4]]}, {"a": []}, {"a": [[5, 6]]}],
    "never a pair": [{"a": []}, {"a": []}],
    "names": [{"every": 1, "length": 2, "\x1b[2J": 3, "__proto__": 4}] * 2,
    "equal": [{"a": -0.0, "b": None}] * 5,
    "drawn": [{"errors": [[0.1, 1.0], [0.0, 10.0]]}, {"errors": []}],
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_are_read_back(name: str) -> None:
    """As lists of what they were; a sign of zero is kept."""
    records = RECORDS[name]

    assert repr(records_of(table_of(records), "$", Expansion())) == repr(records)
