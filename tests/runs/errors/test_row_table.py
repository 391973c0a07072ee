"""The table of all rows: as long as a run is, whatever of it lies on the disk."""

from __future__ import annotations

import copy
import errno
import pickle
import tempfile
from typing import Any

import pytest

from bptt_check.runs.errors.row_table import RowTable
from bptt_check.runs.records import TABLE
from bptt_check.verdicts.verdict import Verdict


def cells(number: int) -> tuple[Any, ...]:
    """A row of numbers, one cell of which is a verdict and one NaN."""
    row: list[Any] = [f"{name} {number}" for name in TABLE]
    row[4], row[6] = Verdict.PASS, float("nan")
    return tuple(row)


def table_of(rows: int, block: int = 3) -> RowTable:
    """A table of so many rows."""
    table = RowTable(block)
    for number in range(rows):
        table.append(cells(number))
    return table


@pytest.mark.parametrize("rows", [0, 2, 3, 7, 30])
def test_every_row_is_in_every_column_in_order(rows):
    """Before, at and after the end of a block, and asked twice."""
    table = table_of(rows)

    for _ in range(2):
        columns = dict(table)
        assert tuple(columns) == TABLE
        for n, name in enumerate(TABLE):
            assert list(map(repr, columns[name])) == [repr(cells(row)[n]) for row in range(rows)]


def test_rows_can_be_added_after_a_column_was_read():
    """A block goes to the end of the file, wherever it was read."""
    table = table_of(4)
    assert table["spec"] == [f"spec {n}" for n in range(4)]
    for number in range(4, 9):
        table.append(cells(number))

    assert table["spec"] == [f"spec {n}" for n in range(9)]


def test_memory_holds_no_more_than_a_block():
    """The rest is in the file."""
    assert [len(table_of(rows)._last) for rows in (2, 3, 30)] == [2, 0, 0]


def test_a_column_that_there_is_not_is_a_key_error():
    """As of any mapping."""
    with pytest.raises(KeyError, match="no such"):
        table_of(1)["no such"]


def test_copies_hold_the_same():
    """A file cannot be copied or pickled; what it holds can."""
    table = table_of(5)

    for other in (copy.deepcopy(table), pickle.loads(pickle.dumps(table))):
        assert repr(dict(other)) == repr(dict(table))


def test_without_a_disk_all_stays_in_memory(monkeypatch):
    """Nothing of a run is lost where its temporary file cannot be written."""

    def full(**_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    table = table_of(8)

    assert table["spec"] == [f"spec {n}" for n in range(8)]
    assert len(table._last) == 8


def test_a_disk_that_gets_full_loses_nothing(monkeypatch):
    """The block stays in memory, and is written with the next ones if that can be."""
    table = table_of(3)

    def full(columns: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(table, "_written", full)
        for number in range(3, 7):
            table.append(cells(number))
        assert table["spec"] == [f"spec {n}" for n in range(7)]

    for number in range(7, 9):
        table.append(cells(number))
    assert table["spec"] == [f"spec {n}" for n in range(9)]
    assert table._last == []
