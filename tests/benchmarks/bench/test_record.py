"""A run of the benchmark as a line, the history, and what got worse."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from benchmarks.bench import record
from benchmarks.bench.record import Growth, Record, Worse
from benchmarks.bench.rows import Row
from benchmarks.bench.spread import Spread

RUN = Record(
    date="2026-01-31",
    commit="0123456789",
    machine={"processor": "P", "cores": "2", "system": "Linux"},
    versions={"python": "3.11"},
    short=False,
    rows={
        "verify/lstm": Row(Spread(9.0, 10.0, 11.0), Spread(90.0, 100.0, 110.0)),
        "gradcheck/183/fast/with": Row(None, Spread(1.9, 2.0, 2.1)),
        "run/json": Row(Spread(14.0, 14.0, 14.0), None),
    },
    growth=(Growth("T", (4, 8), (1.0, 2.0), (0.1, 0.2)),),
)


def test_a_line_read_back_is_the_record():
    """Every field of it, spreads and growth too."""
    assert record.from_line(record.to_line(RUN)) == RUN


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting property name"),
        ("[1]", "is no record but [1]"),
        ("{}", "has schema None, not 1"),
        ('{"schema": 2}', "has schema 2, not 1"),
        ('{"schema": 1}', "is no record of a run: KeyError('rows')"),
        ('{"schema": 1, "rows": {}, "growth": [], "day": 1}', "is no record of a run: TypeError"),
        ('{"schema": 1, "rows": [], "growth": []}', "is no record of a run: AttributeError"),
    ],
)
def test_a_line_that_is_no_record_is_refused_with_its_place(tmp_path, line, why):
    """With the reason, and what to do."""
    path = tmp_path / "history.jsonl"
    path.write_text(f"{record.to_line(RUN)}\n\n{line}\n", encoding="utf-8")

    with pytest.raises(SystemExit, match=re.escape(f"history.jsonl, line 3: {why}")) as error:
        record.read_history(path)
    assert str(error.value).endswith("Take the line out, or restore the file.")


def test_history_is_appended_to_and_read_in_order(tmp_path):
    """No file is no history; each record is one line."""
    path, later = tmp_path / "history.jsonl", replace(RUN, date="2026-02-01")
    assert record.read_history(path) == []
    for one in (RUN, later):
        record.append(path, one)

    assert record.read_history(path) == [RUN, later]
    assert [json.loads(line)["date"] for line in path.read_text().splitlines()] == [
        "2026-01-31",
        "2026-02-01",
    ]


def test_last_like_is_of_the_same_kind_of_machine_and_run():
    """Another processor or a short run says nothing about this one."""
    other = replace(RUN, machine=RUN.machine | {"cores": "64"})
    first, second, short = (replace(RUN, date=day, short=day == "3") for day in "123")

    assert record.last_like([first, second, other, short], RUN) is second
    assert record.last_like([other, short], RUN) is None


def test_rows_that_got_worse_are_named_with_both_spreads():
    """The ratio decides where there is one; what is better, or as it was, is not named."""
    slower, fewer = Spread(190.0, 200.0, 210.0), Spread(0.9, 1.0, 1.1)
    rows = {
        "verify/lstm": Row(Spread(1.0, 1.0, 1.0), slower),
        "gradcheck/183/fast/with": Row(None, fewer),
        "run/json": Row(Spread(3.0, 3.0, 3.0), None),
        "stage/draw": Row(Spread(99.0, 99.0, 99.0), None),  # was not measured before
    }

    assert list(record.worse_rows(RUN, replace(RUN, rows=rows))) == [
        Worse("verify/lstm", Spread(90.0, 100.0, 110.0), slower),
        Worse("gradcheck/183/fast/with", Spread(1.9, 2.0, 2.1), fewer),
    ]
    assert list(record.worse_rows(RUN, RUN)) == []
