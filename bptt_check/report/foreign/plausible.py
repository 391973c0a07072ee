"""Whether a record says only what a run of ours says: it may come from anywhere.

What is left out here is shown as text that does no harm; what is refused would not end, or would
lead elsewhere.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import enumerated, quoted
from ...runs.coverage.covered import counts_of
from ...runs.errors.error_distribution import FIRST_BIN, LAST_BIN
from ...runs.measurements import ErrorHistogram
from ...runs.records import COUNTEREXAMPLES, TABLE, TABLE_TYPES, Run
from ...runs.systematic.sentences import can_be_told
from ...verdicts.verdict import Verdict

MOST = {"oracles": 100, "environment": 1000}
"""Entries of fields that a page shows whole; each oracle has a mark in every cell of a table."""
MOST_DIGITS = 4000
"""Digits of a number: a sum of such numbers can still be printed."""
LARGEST = 2**63
"""No count of a table is as large."""
_TOO_LONG = re.compile(rb"(?<!\d)\d{%d}" % (MOST_DIGITS + 1))
_BEYOND_FLOAT64 = re.compile(rb"\d{309}")
_KINDS = {"str": (str,), "float": (float, int), "int": (int,), "bool": (bool,)}
"""Name of a type of the table to the types of its values."""


def check_digits(content: bytes) -> None:
    """Raise `ValueError` for JSON with a number that Python could read and not print."""
    if _TOO_LONG.search(content):
        raise ValueError(f"it has a number of more than {MOST_DIGITS:,} digits")


def check_numbers(content: bytes, data: Any) -> None:
    """Raise `ValueError` for JSON with a whole number that no float64 can be.

    Where a field is one, msgspec before 0.22 makes -1 of it, and a later call raises for it. All
    numbers are looked at only where the bytes have so many digits in a row, which a text may have.
    """
    waiting = [data] if _BEYOND_FLOAT64.search(content) else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, int) and abs(value) > sys.float_info.max:
            raise ValueError(f"it has a number out of range: {quoted(value)}")


def check_run(run: Run) -> None:
    """Raise `ValueError` for a run that says what no run of ours says."""
    for curve in run.taylor:
        if not len(curve.steps) == len(curve.remainders) == len(curve.rounding) >= curve.last:
            raise ValueError("a curve has as many remainders as steps")
    counts_of(run.covered.factors)
    for part in (run, *run.checks):
        if not {*part.cases} <= {*Verdict} or min(part.cases.values(), default=0) < 0:
            raise ValueError("its cases are no counts of verdicts")
    for what, most in MOST.items():
        if len(getattr(run, what)) > most:
            raise ValueError(f"it has {len(getattr(run, what)):,} {what}; a run has at most {most}")
    for names in (run.stages.oracles, run.quick.oracles if run.quick else ()):
        if len(names) > MOST["oracles"]:
            raise ValueError(f"it has times of {len(names):,} oracles, or left out so many")
    for histogram in run.error_histograms:
        _check_bins(histogram)
    _check_shared(run)
    for name in {failure.counterexample for failure in run.failures} - {None}:
        if not re.fullmatch(rf"{COUNTEREXAMPLES}/[\w+-]+\.npz", str(name), re.ASCII):
            raise ValueError(f"{quoted(name)} is no counterexample of a run")


def _check_shared(run: Run) -> None:
    """Of errors that all cases share, and of the smallest that would have been found."""
    if not all(map(can_be_told, run.systematic)):
        raise ValueError("it has an error that all cases share, of a kind that no run finds")
    for one in (*run.systematic, *run.systematic_floors):
        if one.cases < 0 or one.models < 1 or one.uncertainty < 0.0:
            raise ValueError("an error that cases share has a count or an uncertainty below zero")
    if not all(one.floor >= 0.0 for one in run.systematic_floors):
        raise ValueError("the smallest error that would have been found is no size")


def _check_bins(histogram: ErrorHistogram) -> None:
    bins = [bin_ for bin_, _ in (*histogram.budgets, *histogram.ulps)]
    if bins and not FIRST_BIN <= min(bins) <= max(bins) <= LAST_BIN:
        raise ValueError("a histogram has bins beyond the range of float64")


def check_table(table: Mapping[str, Sequence[Any]]) -> None:
    """Raise `ValueError` for a table that no run has: other columns, or other things in them."""
    if not {*TABLE} <= {*table}:
        raise ValueError(f"its table lacks {enumerated(n for n in TABLE if n not in table)}")
    for name, column in table.items():
        kinds = _KINDS[TABLE_TYPES.get(name, "str")]
        if name not in TABLE or not all(_is_value(value, kinds) for value in column):
            raise ValueError(f"its table has no such column {quoted(name)}")
    if len({len(column) for column in table.values()}) > 1:
        raise ValueError("the columns of its table differ in length")


def _is_value(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a value can stand in a column of these types."""
    return type(value) in kinds and not (isinstance(value, int) and abs(value) >= LARGEST)
