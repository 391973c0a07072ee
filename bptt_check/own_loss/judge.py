"""From gradients and measured slopes to rows, as for subjects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.rounding_errors import Conditioning
from ..verdicts.budget import Budgets, Tolerance, ratio
from ..verdicts.difference import Difference
from ..verdicts.row import Row, is_imprecise, row_of
from ..verdicts.verdict import Reason, Verdict
from .coverage import coverage_of, is_important
from .differencing.differences import DirectionSlope, EntrySlopes, Index
from .differencing.noise import Noise
from .point import Arrays, Point
from .report import Coverage
from .trees import ComplexGradient

BY_ENTRY, BY_DIRECTION = "finite_difference", "random_directions"
"""What stands where a row of a subject names an oracle."""
CLEAR = 1000.0
"""Budgets that an entry must have before its quotient got/expected says something."""
WIDEST = 64.0
"""A gradient's own scatter counts up to so many units of its largest entry: one that jumps about
when its arrays change in the last place must not widen its own budget.
"""


UNSTEADY = 2.0**-10
"""The share of its gradient's largest entry that an entry may move by, and still have digits to
lose.
"""


class DigitsLost(StrEnum):
    """Why errors over budget are those of a right formula."""

    NO = ""
    FLOAT32 = "float32"
    """Its rounding explains them."""
    CANCELLATION = "cancellation"
    """The gradient moves by as much where its arrays change in the last place."""


@dataclass(frozen=True, eq=False)
class OwnLossRows:
    """Rows of all gradients, and what of them was decided; what explains all that is wrong, if it
    is a loss of digits; the one factor other than 1 that all gradients have, NaN if there is none.
    """

    rows: tuple[Row, ...]
    coverage: dict[str, Coverage]
    digits_lost: DigitsLost
    factor: float


def judge_own_loss(
    point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> OwnLossRows:
    """Compare gradients with what was measured."""
    diffs, budgets = _compared(point, grads, measured, noise)
    rows: list[Row] = []
    coverage: dict[str, Coverage] = {}
    for name, m in measured.items():
        dtype, difference = point.precision(name).name, diffs[name]
        coverage[name] = coverage_of(m, difference, budgets.of(name), PRECISIONS[dtype].unit)
        coverage[name] = replace(coverage[name], entries=int(point.asked(name).sum()))
        row = row_of(difference, BY_ENTRY, budgets.of(name), dtype)
        row = _explained(row, m, difference, budgets.of(name))
        if row.reason_kind is Reason.NO_INFLUENCE:
            coverage[name] = replace(coverage[name], decided=row.decided, undecided=())
        rows.append(_undecided(row, coverage[name]))
        if m.directions:
            summed, budget = _in_sum(name, grads[name], m, budgets)
            rows.append(_reasoned(row_of(summed, BY_DIRECTION, budget, dtype), m.directions))
    lost = DigitsLost.FLOAT32 if _imprecise(diffs, budgets) else DigitsLost.NO
    if not lost and _unsteady(diffs, budgets, noise):
        lost = DigitsLost.CANCELLATION
    return OwnLossRows(tuple(rows), coverage, lost, _factor(diffs, budgets))


def entries_over_budget(
    point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> dict[str, list[Index]]:
    """The entries of each gradient that differ from what was measured, the worst first."""
    diffs, budgets = _compared(point, grads, measured, noise)
    over: dict[str, list[Index]] = {}
    for name, m in measured.items():
        excess = ratio(diffs[name].error, budgets.of(name))
        over[name] = sorted((i for i in m.entries if excess[i] > 1.0), key=lambda i: -excess[i])
    return over


def directions_over_budget(
    point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> dict[str, list[int]]:
    """The directions along which each gradient differs from what was measured, the worst first."""
    _, budgets = _compared(point, grads, measured, noise)
    over: dict[str, list[int]] = {}
    for name, m in measured.items():
        summed, budget = _in_sum(name, grads[name], m, budgets)
        excess = ratio(summed.error, budget)
        over[name] = [int(k) for k in np.argsort(-excess) if excess[k] > 1.0]
    return over


def other_convention(
    point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> ComplexGradient | None:
    """The convention of complex gradients in which all that is wrong would be right, if there is
    one.
    """
    other: dict[ComplexGradient, ComplexGradient] = {"torch": "jax", "jax": "torch"}
    conjugate = {n: grads[n] * [1.0, -1.0] for n in point.conventions}
    turned = {n: g.astype(grads[n].dtype) for n, g in conjugate.items()}
    known = (point, {**grads, **turned}, measured, noise)
    if any(entries_over_budget(*known).values()) or any(directions_over_budget(*known).values()):
        return None
    return next((other[c] for c in point.conventions.values()), None)


def _compared(
    point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> tuple[dict[str, Difference], Budgets]:
    """Each gradient beside what was measured of its entries, and the budgets of these."""
    pairs = {n: _difference(n, grads[n], m) for n, m in measured.items()}
    budgets = budgets_of(point, grads, noise, {n: b for n, (_, b) in pairs.items()})
    return {n: d for n, (d, _) in pairs.items()}, budgets


def budgets_of(
    point: Point, grads: Arrays, noise: Noise, bounds: Mapping[str, Array] | None
) -> Budgets:
    """Budgets made of the function's own rounding and of the bounds of the differences."""
    unit = PRECISIONS[point.dtype].unit  # of the lowest: what comes of it has no more digits
    own = {n: np.minimum(noise.grads[n], WIDEST * unit * np.abs(g).max()) for n, g in grads.items()}
    subject = Conditioning(point.dtype, noise.loss / unit, {n: a / unit for n, a in own.items()})
    nothing = Conditioning("float64", 0.0, {n: np.zeros(g.shape) for n, g in grads.items()})
    return Budgets(Tolerance(), subject, nothing, bounds)


def _difference(name: str, got: Array, measured: EntrySlopes) -> tuple[Difference, Array]:
    """The gradient beside the nearest right one, and its bound: infinite where none is known."""
    want, bound = got.copy(), np.full(got.shape, np.inf)
    for index, slope in measured.entries.items():
        if np.isfinite(slope.bound):
            want[index], bound[index] = slope.nearest(float(got[index])), slope.bound
    return Difference(name, got, want), bound


def _explained(row: Row, measured: EntrySlopes, difference: Difference, budget: Array) -> Row:
    """The row without kinks in what was decided, and with the reason where something was not."""
    slopes = measured.entries
    smooth = [i for i, s in slopes.items() if not s.at_kink and np.isfinite(s.bound)]
    decided = sum(bool(abs(difference.want[i]) > budget[i]) for i in smooth)
    unusual = [s for s in slopes.values() if s.reason_kind is not Reason.NONE]
    row = replace(row, decided=decided)
    if unusual:
        row = row.because(row.verdict, unusual[0].reason_kind, *unusual[0].details)
    if row.wrong or decided:
        return replace(row, verdict=Verdict.FAIL if row.wrong else Verdict.PASS)
    if not unusual and not np.any(difference.got) and all(s.low == 0.0 for s in slopes.values()):
        return replace(row.because(Verdict.PASS, Reason.NO_INFLUENCE), decided=len(slopes))
    return replace(row, verdict=Verdict.INCONCLUSIVE)


def _undecided(row: Row, coverage: Coverage) -> Row:
    """The row, inconclusive where an important share of its entries is."""
    if row.verdict != Verdict.PASS or not is_important(coverage):
        return row
    most = coverage.undecided[0]
    return row.because(Verdict.INCONCLUSIVE, most.reason_kind, *most.details)


def _in_sum(
    name: str, grad: Array, measured: EntrySlopes, budgets: Budgets
) -> tuple[Difference, Array]:
    """The slopes through the entries that were not measured one by one, and their budgets."""
    slopes = [d.slope for d in measured.directions]
    got = np.array([float((d.signs * grad).sum()) for d in measured.directions])
    want = np.array([s.nearest(float(g)) for s, g in zip(slopes, got, strict=True)])
    rounding = budgets.tolerance.units * budgets.subject.error(name)
    own = np.array([float((np.abs(d.signs) * rounding).sum()) for d in measured.directions])
    budget = own + np.array([s.bound for s in slopes])
    return Difference(name, got, np.where(np.isfinite(budget), want, got)), budget


def _reasoned(row: Row, directions: Sequence[DirectionSlope]) -> Row:
    """The row of directions, with the reason where none of them was decided."""
    reasons = [d.slope for d in directions if d.slope.reason_kind is not Reason.NONE]
    if row.verdict != Verdict.INCONCLUSIVE or not reasons:
        return row
    return row.because(row.verdict, reasons[0].reason_kind, *reasons[0].details)


def _factor(diffs: Mapping[str, Difference], budgets: Budgets) -> float:
    """The quotient got/expected that all entries well above their budget share."""
    ratios: list[Array] = []
    for name, difference in diffs.items():
        clear = np.abs(difference.want) > CLEAR * budgets.of(name)
        ratios.append(difference.got[clear] / difference.want[clear])
    together = np.concatenate(ratios)
    if together.size < 3 or np.ptp(together) > 2.0 / CLEAR * np.abs(together).max():
        return math.nan
    factor = float(np.median(together))
    return factor if abs(factor - 1.0) > 2.0 / CLEAR else math.nan


def _unsteady(diffs: Mapping[str, Difference], budgets: Budgets, noise: Noise) -> bool:
    """Whether gradients move by as much as they are wrong where arrays change in the last place.

    A factor that all entries share is no such error.
    """
    for name, difference in diffs.items():
        scatter = budgets.tolerance.units * noise.grads[name]
        allowed = np.minimum(scatter, UNSTEADY * np.abs(difference.want).max())
        if np.any(difference.error > np.maximum(budgets.of(name), allowed)):
            return False
    return math.isnan(_factor(diffs, budgets))


def _imprecise(diffs: Mapping[str, Difference], budgets: Budgets) -> bool:
    """Whether float32 inside float64 explains every error."""
    if budgets.subject.dtype != "float64":
        return False
    lower = PRECISIONS["float32"]
    smallest = 2.0 * lower.unit * lower.tiniest
    for name, difference in diffs.items():  # float32 has no such numbers: it would have left zeros
        below = (np.abs(difference.want) < smallest) & (difference.got != 0.0)
        if np.any(below & (difference.error > budgets.of(name))):
            return False
    return is_imprecise(diffs, budgets, replace(budgets.subject, dtype=lower.name))
