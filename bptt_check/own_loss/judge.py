"""From gradients and measured slopes to rows, as for subjects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.conditioning import Conditioning
from ..verdicts.budget import Budgets, Tolerance
from ..verdicts.difference import Difference
from ..verdicts.row import Row, is_imprecise, row_of
from ..verdicts.verdict import Reason, Verdict
from .differences import EntrySlopes
from .noise import Noise
from .point import Arrays, Point

BY_ENTRY, BY_DIRECTION = "finite_difference", "random_directions"
"""What stands where a row of a subject names an oracle."""
CLEAR = 1000.0
"""Budgets that an entry must have before its quotient got/expected says something."""
WIDEST = 64.0
"""A gradient's own scatter counts up to so many units of its largest entry: one that jumps about
when its arrays change in the last place must not widen its own budget.
"""


@dataclass(frozen=True, eq=False)
class OwnLossRows:
    """Rows of all gradients; whether what is wrong is what float32 inside would leave; the one
    factor other than 1 that all gradients have, NaN if there is none.
    """

    rows: tuple[Row, ...]
    imprecise: bool
    factor: float


def judge_own_loss(
    point: Point, grads: Arrays, measured: Mapping[str, EntrySlopes], noise: Noise
) -> OwnLossRows:
    """Compare gradients with what was measured."""
    pairs = {n: _difference(n, grads[n], m) for n, m in measured.items()}
    budgets = budgets_of(point, grads, noise, {n: b for n, (_, b) in pairs.items()})
    rows: list[Row] = []
    for name, m in measured.items():
        dtype = point.params[name].dtype.name
        row = row_of(pairs[name][0], BY_ENTRY, budgets.of(name), dtype)
        rows.append(_explained(row, m, pairs[name][0], budgets.of(name)))
        if m.directions:
            rows.append(_in_sum(name, grads[name], m, budgets, dtype))
    diffs = {n: d for n, (d, _) in pairs.items()}
    return OwnLossRows(tuple(rows), _imprecise(diffs, budgets), _factor(diffs, budgets))


def budgets_of(
    point: Point, grads: Arrays, noise: Noise, bounds: Mapping[str, Array] | None
) -> Budgets:
    """Budgets made of the function's own rounding and of the bounds of the differences."""
    units = {n: PRECISIONS[point.params[n].dtype.name].unit for n in grads}
    own = {
        n: np.minimum(noise.grads[n], WIDEST * units[n] * np.abs(g).max()) for n, g in grads.items()
    }
    unit = PRECISIONS[point.dtype].unit
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
        row = row.because(row.verdict, unusual[0].reason_kind, unusual[0].low, unusual[0].high)
    if row.wrong or decided:
        return replace(row, verdict=Verdict.FAIL if row.wrong else Verdict.PASS)
    if not unusual and not np.any(difference.got) and all(s.low == 0.0 for s in slopes.values()):
        return replace(row.because(Verdict.PASS, Reason.NO_INFLUENCE), decided=len(slopes))
    return replace(row, verdict=Verdict.INCONCLUSIVE)


def _in_sum(name: str, grad: Array, measured: EntrySlopes, budgets: Budgets, dtype: str) -> Row:
    """The row of the entries that were not measured one by one."""
    slopes = [d.slope for d in measured.directions]
    got = np.array([float((d.signs * grad).sum()) for d in measured.directions])
    want = np.array([s.nearest(float(g)) for s, g in zip(slopes, got, strict=True)])
    rounding = budgets.tolerance.units * budgets.subject.error(name)
    own = np.array([float((np.abs(d.signs) * rounding).sum()) for d in measured.directions])
    budget = own + np.array([s.bound for s in slopes])
    want = np.where(np.isfinite(budget), want, got)
    return row_of(Difference(name, got, want), BY_DIRECTION, budget, dtype)


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


def _imprecise(diffs: Mapping[str, Difference], budgets: Budgets) -> bool:
    """Whether float32 inside float64 explains every error."""
    if budgets.subject.dtype != "float64":
        return False
    return is_imprecise(diffs, budgets, replace(budgets.subject, dtype="float32"))
