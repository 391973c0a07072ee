"""Entry by entry: the worst case of each gradient, from what was compared there.

No oracle and no subject is asked again; only the forward pass is evaluated, for the difference
quotients of one entry.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.directions import is_per_sequence
from ...cases.model import Sizes, has_gates
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ...conventions.own_layout import OwnLayout
from ...equations.difference_step import difference_step
from ...equations.namespaces.numpy import NumPy
from ...equations.network import losses
from ...equations.perturbation import Displacement, all_rows, of_entries, plain_copies
from ...equations.truncation import Window, windows, windows_of
from ...verdicts.budget import ratio
from ...verdicts.case_report import CaseReport, Evidence
from ...verdicts.oracle_disagreement import differ_at_kinks, gaps_in_budgets
from ...verdicts.row import Row
from ..measurements import (
    Agreement,
    DifferenceQuotients,
    OracleOpinion,
    OwnGrid,
    TimeProfile,
    WorstEntry,
)
from .compared_arrays import compared_gradient

SHOWN = 64
"""Rows and columns of a gradient that are shown one by one."""
DIGITS = 3
STEPS = 2.0 ** np.arange(-2.0, -47.0, -2.0)


class WorstCases:
    """Keeps, for one target, the case in which each gradient did worst."""

    def __init__(self) -> None:
        self._worst: dict[str, tuple[Row, CaseReport]] = {}

    def add(self, report: CaseReport) -> None:
        """Take in one case."""
        if report.evidence is None:
            return
        for row in report.rows:
            if row.parameter in report.evidence.result.grads and row.index:
                best = self._worst.get(row.parameter)
                if best is None or _badness(row) < _badness(best[0]):
                    self._worst[row.parameter] = (row, report)

    def worst_entries(self, model: str, own: OwnLayout | None = None) -> Iterator[WorstEntry]:
        """The worst entry of every gradient that was compared; `own` is how the subject lays out
        its arrays, if not as the contract does.
        """
        for row, report in self._worst.values():
            if report.evidence is not None:
                entry = replace(
                    worst_entry(model, row, report.case, report.evidence),
                    compared=compared_gradient(report, row.parameter, own),
                )
                if own is None or isinstance(report.case, RecurrenceCase):
                    yield entry
                    continue
                errors = errors_in_budgets(row.parameter, report.evidence)
                yield replace(entry, own=tuple(own_grids(own, report.case.sizes, entry, errors)))


def _badness(row: Row) -> tuple[int, bool, float]:
    """Sorts failures first, then large errors; a row without a decision comes last."""
    return row.verdict.failure_rank, row.decided == 0, -row.max_budgets


def worst_entry(model: str, row: Row, case: AnyCase, evidence: Evidence) -> WorstEntry:
    """The gradient and the entry of a row."""
    name, index = row.parameter, row.index
    opinions = tuple(_opinions(name, index, evidence))
    truth = min(opinions, key=lambda opinion: opinion.budget).value
    errors, block = grid_of(errors_in_budgets(name, evidence))
    return WorstEntry(
        model=model,
        parameter=name,
        verdict=row.verdict,
        spec=str(case.spec) if case.spec else "",
        dtype=case.dtype,
        shape=evidence.result.grads[name].shape,
        gates=_gates(case, name),
        block=block,
        errors=errors,
        index=index,
        got=float(evidence.result.grads[name][index]),
        opinions=opinions,
        agreement=tuple(_agreement(name, evidence)),
        quotients=_quotients(case, name, index, truth),
        over_time=_time_profile(case, evidence),
    )


def _entrywise(name: str, evidence: Evidence) -> dict[str, Result]:
    """The results of the oracles that measured every entry of a gradient."""
    return {oracle: r for oracle, r in evidence.trusted.items() if name not in r.along}


def errors_in_budgets(name: str, evidence: Evidence) -> Array:
    """Largest error of each entry over the oracles that decide it, in budgets."""
    got = evidence.result.grads[name]
    worst = np.zeros(got.shape)
    for oracle in _entrywise(name, evidence):
        worst = np.maximum(worst, errors_by(name, oracle, evidence))
    return worst


def errors_by(name: str, oracle: str, evidence: Evidence) -> Array:
    """Error of each entry by one oracle that measures entries, in budgets; 0 where it decides
    none.
    """
    budgets, want = evidence.budgets[oracle], evidence.trusted[oracle].grads[name]
    error = np.abs(evidence.result.grads[name] - want)
    chosen = budgets.only_by_subgradient(name, error)
    return ratio(error, np.where(np.isfinite(want) & ~chosen, budgets.of(name), np.inf))


Grid = tuple[tuple[float, ...], ...]


def grid_of(errors: Array) -> tuple[Grid, tuple[int, int]]:
    """Errors as rows and columns, the largest of each block where there are too many of them; and
    the rows and columns of a block.
    """
    flat = errors.reshape(1 if errors.ndim == 1 else errors.shape[0], -1)
    block = (math.ceil(flat.shape[0] / SHOWN), math.ceil(flat.shape[1] / SHOWN))
    padding = [(0, -flat.shape[axis] % block[axis]) for axis in (0, 1)]
    padded = np.pad(flat, padding)
    rows, columns = padded.shape[0] // block[0], padded.shape[1] // block[1]
    largest = padded.reshape(rows, block[0], columns, block[1]).max(axis=(1, 3))
    return tuple(tuple(map(_short, line)) for line in largest.tolist()), block


def own_grids(own: OwnLayout, sizes: Sizes, entry: WorstEntry, errors: Array) -> Iterator[OwnGrid]:
    """The errors of a gradient in the subject's arrays; of data in sequences that are run one by
    one none, as there is no such array.
    """
    name = entry.parameter
    if own.is_cut(name) and sizes.B > 1:
        return
    at = own.entry(sizes, name, entry.index)
    for part, axes in zip(own.parts(sizes, name), own.axes(name), strict=True):
        source = part.source[part.box]
        grid, block = grid_of(errors.ravel()[source])
        yield OwnGrid(
            array=part.array,
            shape=source.shape,
            first=tuple(s.start for s in part.box),
            axes=axes,
            gates=own.gates() if entry.gates and not part.gate else (),
            block=block,
            errors=grid,
            index=part.place(at),
        )


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _gates(case: AnyCase, name: str) -> tuple[str, ...]:
    """The gates in the first axis of a layer's array."""
    if isinstance(case, RecurrenceCase):
        return ()
    gates = case.model.layout.gates
    return tuple(gates) if has_gates(case.model, name) and len(gates) > 1 else ()


def _opinions(name: str, index: tuple[int, ...], evidence: Evidence) -> Iterator[OracleOpinion]:
    for oracle, trusted in _entrywise(name, evidence).items():
        budgets = evidence.budgets[oracle]
        shape = trusted.grads[name].shape
        bound = np.broadcast_to(budgets.bound(name), shape)
        own = 0.0 if budgets.proven else float(budgets.oracle.error(name)[index])
        yield OracleOpinion(
            oracle=oracle,
            value=float(trusted.grads[name][index]),
            budget=float(budgets.of(name)[index]),
            units=budgets.tolerance.units,
            subject=float(budgets.subject.error(name)[index]),
            oracle_rounding=own,
            bound=float(bound[index]),
            tiniest=float(np.broadcast_to(budgets.flushed(name), shape)[index]),
            choice=float(np.broadcast_to(budgets.subgradient_width(name, bound), shape)[index]),
            proven=budgets.proven,
        )


def _agreement(name: str, evidence: Evidence) -> Iterator[Agreement]:
    for pair in itertools.combinations(evidence.trusted, 2):
        gaps = gaps_in_budgets(name, pair, evidence.trusted, evidence.budgets)
        gap = _short(float(np.where(np.isfinite(gaps), gaps, 0.0).max()))
        yield Agreement(*pair, gap, differ_at_kinks(name, pair, evidence.trusted, evidence.budgets))


def _quotients(
    case: AnyCase, name: str, index: tuple[int, ...], truth: float
) -> DifferenceQuotients | None:
    """Difference quotients of one entry of the surrogate; None where it is a constant of it."""
    if isinstance(case, RecurrenceCase):
        return None
    total, chosen = np.zeros(len(STEPS)), []
    for window in windows_of(case):
        place = _inside(window, name, index)
        if place is not None:
            total += _slopes(window, name, place)
            chosen.append(difference_step(window.problem)[0])
    if not chosen:
        return None
    errors = np.abs(total - truth) / (abs(truth) or 1.0)
    return DifferenceQuotients(
        tuple(STEPS.tolist()), tuple(map(_short, errors.tolist())), min(chosen)
    )


def _inside(window: Window, name: str, index: tuple[int, ...]) -> tuple[int, ...] | None:
    """An index of the case as an index of a window; None if the window does not depend on it."""
    if name not in window.problem.differentiated:
        return None
    if not is_per_sequence(name):
        return index
    first, b, last = index
    first -= window.start if name == "x" else 0
    columns = np.flatnonzero(window.columns == b)
    inside = len(columns) and 0 <= first < len(window.problem.inputs[name])
    return (first, int(columns[0]), last) if inside else None


def _slopes(window: Window, name: str, index: tuple[int, ...]) -> Array:
    """Central differences of a window's loss in one entry, one per step of `STEPS`."""
    shape = window.problem.inputs[name].shape
    if is_per_sequence(name):
        entry = index[0] * shape[2] + index[2]
    else:
        entry = int(np.ravel_multi_index(index, shape))
    steps = np.concatenate([STEPS, -STEPS])
    (direction,) = of_entries(name, shape).directions(np.array([entry]))
    moved = {name: Displacement(0, np.multiply.outer(steps, np.atleast_2d(direction)))}
    copies = plain_copies(window.problem.inputs, moved, len(steps))
    rows = all_rows(losses(NumPy(), window.problem, copies), len(steps))
    loss = rows[:, index[1]] if is_per_sequence(name) else rows.sum(axis=-1)
    up, down = np.split(loss, 2)
    return (up - down) / (2.0 * STEPS)


def _time_profile(case: AnyCase, evidence: Evidence) -> TimeProfile:
    """The profile along time, by the oracle that knows dL/dx best."""
    if isinstance(case, RecurrenceCase):
        return TimeProfile((), (), ())
    known = _entrywise("x", evidence)
    best = min(known, key=lambda o: float(evidence.budgets[o].of("x").max()))
    bar = known[best].grads["x"]
    offered = "x" in evidence.result.grads
    errors = errors_in_budgets("x", evidence).max(axis=(1, 2)).tolist() if offered else []
    norms = np.sqrt(np.square(bar).sum(axis=(1, 2))).tolist()
    return TimeProfile(tuple(map(_short, norms)), tuple(map(_short, errors)), tuple(_windows(case)))


def _windows(case: AnyCase) -> Iterator[tuple[int, int]]:
    """The window of each block, `[max(0, end - k2), end)`."""
    if case.truncation is None:
        return
    for span in windows(case.sizes.T, case.truncation.k1, case.truncation.k2):
        yield span.start, span.end
