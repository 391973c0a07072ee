"""What `run.json` holds of a search."""

from __future__ import annotations

from support import searches

from bptt_check.runs.repairs.records import MOST_LINES


def test_records_hold_no_whole_file() -> None:
    """Of the sources the excerpts, of the trace what stands in these."""
    recorded = searches.search().recorded()

    assert recorded.repair is not None
    assert recorded.repair.files == {}
    assert recorded.repair.diff == searches.DIFF
    assert recorded.trace == searches.TRACE[:2]
    assert recorded.excerpts == (searches.EXCERPT,)


def test_records_name_the_most_suspicious_lines() -> None:
    """A search orders all that ran."""
    lines = tuple(f"a.py:{n}" for n in range(50))

    assert searches.search(lines=lines).recorded().lines == lines[:MOST_LINES]


def test_the_departure_is_of_the_first_line() -> None:
    """Where its value is not the textbook's in every turn."""
    assert searches.search().departure == searches.TRACE[1]
    assert searches.search(lines=("a.py:2",)).departure is None
    assert searches.search(lines=()).departure is None
