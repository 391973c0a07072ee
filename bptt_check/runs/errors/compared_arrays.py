"""The wrong gradients of a small case as a reader compares them: what came, and what is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...cases.case import Case
from ...cases.model import has_gates
from ...cases.types import Array
from ...verdicts.case_report import CaseReport
from ...verdicts.row import Row

MOST_NUMBERS, MOST_ARRAYS = 256, 6
"""Numbers of an array, and arrays of a case, that are kept: a smallest case has fewer."""


@dataclass(frozen=True)
class ComparedArray:
    """A wrong gradient of one case, entry by entry.

    Args:
        parameter: the contract's name; `called` the reader's.
        oracle: that says what is right.
        shape: of the gradient in the contract's layout.
        got, want: its entries, row by row.
        over: the places, among these, of those over budget.
        gates: the letters of the gates that are stacked in its rows; empty where none are.
    """

    parameter: str
    called: str
    oracle: str
    shape: tuple[int, ...]
    got: tuple[float, ...]
    want: tuple[float, ...]
    over: tuple[int, ...]
    gates: tuple[str, ...] = ()


def compared_arrays(report: CaseReport) -> tuple[ComparedArray, ...]:
    """The wrong gradients of a case that are small enough to be read; none without an answer."""
    return tuple(_compared(report))[:MOST_ARRAYS]


def _compared(report: CaseReport) -> Iterator[ComparedArray]:
    evidence = report.evidence
    if evidence is None:
        return
    for row in _deciding(report.rows):
        got = evidence.result.grads.get(row.parameter)
        want = evidence.trusted[row.oracle].grads.get(row.parameter)
        if got is None or want is None or got.shape != want.shape or got.size > MOST_NUMBERS:
            continue
        budget = evidence.budgets[row.oracle].of(row.parameter)
        yield ComparedArray(
            parameter=row.parameter,
            called=report.own.of(row.parameter),
            oracle=row.oracle,
            shape=got.shape,
            got=_numbers(got),
            want=_numbers(want),
            over=tuple(int(n) for n in np.flatnonzero(~(np.abs(got - want) <= budget))),
            gates=_gates(report, row.parameter),
        )


def _deciding(rows: tuple[Row, ...]) -> list[Row]:
    """Of each wrong gradient the row of an oracle that measured it entry by entry: of one that
    proves, if there is one, else of the first.
    """
    wrong: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: not r.proven):
        if row.verdict.failing and not row.directions:
            wrong.setdefault(row.parameter, row)
    named = dict.fromkeys(row.parameter for row in rows)
    return [wrong[name] for name in named if name in wrong]


def _numbers(array: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.asarray(array, dtype=float).ravel())


def _gates(report: CaseReport, parameter: str) -> tuple[str, ...]:
    """The gates of the rows of a weight or a bias of a cell."""
    case = report.case
    if not isinstance(case, Case) or not has_gates(case.model, parameter):
        return ()
    gates = tuple(case.model.layout.gates)
    return gates if len(gates) > 1 else ()
