"""The wrong gradients of a case as a reader compares them: what came, and what is right."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...cases.case import Case
from ...cases.model import has_gates
from ...cases.types import Array
from ...conventions.own_layout import OwnLayout
from ...verdicts.budget import ratio
from ...verdicts.case_report import CaseReport, Evidence
from ...verdicts.row import Row

MOST_NUMBERS, MOST_ARRAYS = 256, 6
"""Numbers of a whole array, and arrays of a smallest case, that are kept: most have fewer."""
NUMBERS_OF_PART = 128
"""Numbers that are kept of a larger array."""


@dataclass(frozen=True)
class ComparedArray:
    """A wrong gradient of one case, entry by entry, in an array that the reader has.

    Args:
        parameter: the contract's name; `called` the reader's.
        oracle: that says what is right.
        shape: of the reader's array, or of the part of it that has this gradient.
        axes: of each axis of it the contract's; -1 where it is none.
        got, want: its entries, row by row.
        over: the places, among these, of those over budget.
        gates: the letters of the gates that are stacked in it, in order; empty where none are.
        rows: which rows these are, counted over all axes but the last (of a vector, over its
            entries): those furthest off, in order, of an array too large to be read; else empty.
    """

    parameter: str
    called: str
    oracle: str
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    got: tuple[float, ...]
    want: tuple[float, ...]
    over: tuple[int, ...]
    gates: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


def compared_arrays(report: CaseReport, own: OwnLayout | None = None) -> tuple[ComparedArray, ...]:
    """The wrong gradients of a case; none without an answer. `own` is how the subject lays out its
    arrays, if not as the contract does.
    """
    found = (one for row in _deciding(report) for one in _compared(report, row, own))
    return tuple(itertools.islice(found, MOST_ARRAYS))


def compared_gradient(
    report: CaseReport, parameter: str, own: OwnLayout | None = None
) -> tuple[ComparedArray, ...]:
    """The arrays of one gradient of a case; none if it is not wrong there."""
    rows = (row for row in _deciding(report) if row.parameter == parameter)
    return tuple(one for row in rows for one in _compared(report, row, own))


@dataclass(frozen=True)
class _Piece:
    """An array of the reader's, with the flat index of each of its entries in the contract's."""

    called: str
    entries: Array
    axes: tuple[int, ...]
    gates: tuple[str, ...]


def _pieces(
    report: CaseReport, parameter: str, shape: tuple[int, ...], own: OwnLayout | None
) -> Iterator[_Piece]:
    """The arrays that the reader has for one of the contract's. Of data in sequences that are run
    one by one there is no such array: it is the contract's.
    """
    case, gates = report.case, _gates(report, parameter)
    cut = own is not None and isinstance(case, Case) and own.is_cut(parameter) and case.sizes.B > 1
    if own is None or cut or not isinstance(case, Case):
        entries = np.arange(math.prod(shape)).reshape(shape)
        yield _Piece(report.own.of(parameter), entries, tuple(range(len(shape))), gates)
        return
    stacked = own.gates() if gates else ()
    named = zip(own.names_of(parameter), own.axes(parameter), strict=True)
    for part, (called, axes) in zip(own.parts(case.sizes, parameter), named, strict=True):
        yield _Piece(called, part.source[part.box], axes, () if part.gate else stacked)


def _compared(report: CaseReport, row: Row, own: OwnLayout | None) -> Iterator[ComparedArray]:
    """The arrays with the gradient of a row; of several only those that are wrong."""
    evidence = report.evidence
    got = evidence and evidence.result.grads.get(row.parameter)
    want = evidence and evidence.trusted[row.oracle].grads.get(row.parameter)
    if evidence is None or got is None or want is None or got.shape != want.shape:
        return
    budget = np.broadcast_to(evidence.budgets[row.oracle].of(row.parameter), got.shape)
    values = tuple(array.ravel() for array in (got, want, budget))
    for piece in _pieces(report, row.parameter, got.shape, own):
        found = _of_piece(row, piece, *(array[piece.entries] for array in values))
        if found.over:
            yield found


def _of_piece(row: Row, piece: _Piece, got: Array, want: Array, budget: Array) -> ComparedArray:
    large = got.size > MOST_NUMBERS
    rows = _furthest_off(ratio(np.abs(got - want), budget)) if large else ()
    got, want, budget = (_rows(array, rows) for array in (got, want, budget))
    return ComparedArray(
        parameter=row.parameter,
        called=piece.called,
        oracle=row.oracle,
        shape=piece.entries.shape,
        axes=piece.axes,
        got=_numbers(got),
        want=_numbers(want),
        over=tuple(int(n) for n in np.flatnonzero(~(np.abs(got - want) <= budget))),
        gates=piece.gates,
        rows=rows,
    )


def _furthest_off(budgets: Array) -> tuple[int, ...]:
    """The rows with the largest errors, as many as can be read, in order."""
    each = _rows(budgets)
    count = max(NUMBERS_OF_PART // each.shape[1], 1)
    order = np.argsort(-np.nan_to_num(each.max(axis=1), nan=np.inf), kind="stable")
    return tuple(sorted(order[:count].tolist()))


def _rows(array: Array, chosen: tuple[int, ...] = ()) -> Array:
    """Rows of an array: along its last axis, of a vector its entries; all if none is chosen."""
    rows = array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)
    return rows[list(chosen)] if chosen else rows


def _deciding(report: CaseReport) -> list[Row]:
    """Of each wrong gradient the row of an oracle that measured it entry by entry: of one that
    proves, if there is one, else of the one that is least wrong itself. What else is wrong, as a
    training step that its definition decides, is no gradient.
    """
    evidence, wrong = report.evidence, dict[str, Row]()
    if evidence is None:
        return []
    found = [
        row
        for row in report.rows
        if row.verdict.failing and not row.directions and row.oracle in evidence.trusted
    ]
    for row in sorted(found, key=lambda r: (not r.proven, _bound(evidence, r))):
        wrong.setdefault(row.parameter, row)
    named = dict.fromkeys(row.parameter for row in report.rows)
    return [wrong[name] for name in named if name in wrong]


def _bound(evidence: Evidence, row: Row) -> float:
    """What the oracle of a row may be off by, beside rounding."""
    return float(np.max(evidence.budgets[row.oracle].bound(row.parameter)))


def _numbers(array: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.asarray(array, dtype=float).ravel())


def _gates(report: CaseReport, parameter: str) -> tuple[str, ...]:
    """The gates of the rows of a weight or a bias of a cell."""
    case = report.case
    if not isinstance(case, Case) or not has_gates(case.model, parameter):
        return ()
    gates = tuple(case.model.layout.gates)
    return gates if len(gates) > 1 else ()
