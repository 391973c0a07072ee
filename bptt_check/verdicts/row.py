"""One gradient against one oracle: its row, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..cases.directions import is_per_sequence
from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.rounding_errors import Conditioning
from .budget import Budgets, ratio
from .difference import Difference
from .verdict import Reason, Verdict, sentence


class Share(NamedTuple):
    """How many entries of a gradient are over budget in one of the arrays that it is spread over in
    the subject's code, and of how many there; `array` in the contract's spelling, `W_hh_l0_f`.
    """

    array: str
    wrong: int
    entries: int


@dataclass(frozen=True)
class Row:
    """One gradient of one case against one oracle.

    `index` is the entry with the largest error in budgets, and `got`, `want` and `budget` are its
    values, `bound` that of the oracle's own error there. `wrong` counts the entries over budget,
    `decided` those whose truth exceeds the budget (so that a missing gradient would have shown).
    `floor` is the smallest relative error that would have shown in some decided entry, `floor_any`
    the one that would have shown in whichever; NaN where there is none. `proven` says that the
    oracle's bounds are a proof. `reason_details` are the numbers and names in the sentence of the
    reason. `subgradients` counts the entries that agree only as far as any slope is right at a kink
    of relu; errors, the worst entry and floors are those of the others.

    An oracle that measured along `directions` of signs through the whole gradient (0: entry by
    entry) says nothing of a single entry: `index` is empty, there are no floors, and all else is
    about the slopes along them, of which an input that sequences have for themselves has one for
    each sequence.

    `shares` are those of the subject's arrays; empty where it is in one, or nothing is wrong.
    """

    parameter: str
    oracle: str
    verdict: Verdict
    reason_kind: Reason
    max_abs: float
    max_rel: float
    max_ulps: float
    max_budgets: float
    index: tuple[int, ...]
    got: float
    want: float
    budget: float
    entries: int
    wrong: int
    decided: int
    floor: float = math.nan
    floor_any: float = math.nan
    bound: float = math.nan
    proven: bool = False
    reason_details: tuple[Any, ...] = ()
    directions: int = 0
    subgradients: int = 0
    shares: tuple[Share, ...] = ()

    @property
    def parts(self) -> tuple[Share, ...]:
        """The shares, or the whole as the only one."""
        return self.shares or (Share(self.parameter, self.wrong, self.entries),)

    @property
    def reason(self) -> str:
        """Why, for readers; empty where the numbers say it all."""
        return sentence(self.reason_kind, *self.reason_details)

    def because(self, verdict: Verdict, reason: Reason, *details: Any) -> Row:
        """The row with another verdict, and why."""
        return replace(self, verdict=verdict, reason_kind=reason, reason_details=details)


def judge_gradient(difference: Difference, oracle: str, budgets: Budgets) -> Row:
    """Judge one gradient against one oracle: `pass`, `fail` or `inconclusive` with its reason."""
    name, budget = difference.parameter, budgets.of(difference.parameter)
    chosen = budgets.only_by_subgradient(name, difference.error)
    row = row_of(difference, oracle, budget, budgets.subject.dtype, budgets.bound(name), chosen)
    row = replace(row, proven=budgets.proven and not row.subgradients)
    if row.verdict == Verdict.INCONCLUSIVE and _must_be_zero(difference, budget, budgets):
        return replace(row.because(Verdict.PASS, Reason.EXACTLY_ZERO), decided=row.entries)
    return _explained(row, budgets)


def _explained(row: Row, budgets: Budgets) -> Row:
    """The row with why it says no more: chaos, before a kink within the step or at the point."""
    if row.reason_kind in (Reason.KINK_WITHIN_STEP, Reason.KINK_ALONG_DIRECTIONS):
        unbounded = np.asarray(budgets.unbounded(row.parameter))
        chaotic = np.any(unbounded) if row.directions else np.all(unbounded)
        return row.because(row.verdict, Reason.CHAOTIC, budgets.subject.dtype) if chaotic else row
    decides = row.subgradients
    if row.verdict == Verdict.INCONCLUSIVE:
        decides = int(np.sum(np.asarray(budgets.subject.subgradient_width(row.parameter)) > 0))
    if row.verdict == Verdict.FAIL or not decides:
        return row
    return row.because(row.verdict, Reason.AT_KINK, decides, row.entries)


def row_of(
    difference: Difference,
    oracle: str,
    budget: Array,
    dtype: str,
    bound: Array | float = math.nan,
    chosen: Array | bool = False,
) -> Row:
    """The row of a difference, given the budget of every entry, the oracle's own bound, and which
    entries only the choice of a subgradient explains.
    """
    # an oracle without a finite number or bound has decided nothing about that entry
    decides = np.isfinite(budget) & np.isfinite(difference.want)
    in_budgets = ratio(difference.error, np.where(decides, budget, np.inf))
    others = np.broadcast_to(np.logical_not(chosen), in_budgets.shape)
    some = np.any(chosen)

    def largest(sizes: Array) -> float:
        return float(np.max(np.where(others, sizes, 0.0) if some else sizes))

    ranked = np.where(others, in_budgets, -1.0) if some else in_budgets
    index = np.unravel_index(int(np.argmax(ranked)), in_budgets.shape)
    size = np.abs(difference.want)
    shows = decides & (size > budget)
    floors = budget[shows & others] / size[shows & others]
    wrong = int(np.sum(~(in_budgets <= 1.0)))
    decided = int(shows.sum())
    verdict, reason = _verdict(wrong, decided, budget)
    if reason is Reason.KINK_WITHIN_STEP and difference.directions:
        reason = Reason.KINK_ALONG_DIRECTIONS
    of_entries = 0 if difference.directions else floors.size
    return Row(
        parameter=difference.parameter,
        oracle=oracle,
        verdict=verdict,
        reason_kind=reason,
        max_abs=largest(difference.error),
        max_rel=largest(difference.relative),
        max_ulps=largest(difference.ulps(dtype)),
        max_budgets=largest(in_budgets),
        index=() if difference.directions else tuple(int(i) for i in index),
        got=float(difference.got[index]),
        want=float(difference.want[index]),
        budget=float(budget[index]),
        entries=in_budgets.size,
        wrong=wrong,
        decided=decided,
        floor=float(floors.min()) if of_entries else math.nan,
        floor_any=float(floors.max()) if of_entries == in_budgets.size else math.nan,
        bound=float(np.broadcast_to(bound, in_budgets.shape)[index]),
        directions=difference.directions,
        subgradients=int(np.sum(~others)),
    )


def farthest_off(rows: Iterable[Row]) -> Row:
    """The row with the largest error; one that can say at which entry goes first."""
    return max(rows, key=lambda row: (not row.directions, row.max_budgets))


def _verdict(wrong: int, decided: int, budget: Array) -> tuple[Verdict, Reason]:
    if wrong:
        return Verdict.FAIL, Reason.NONE
    if decided:
        return Verdict.PASS, Reason.NONE
    if not np.any(np.isfinite(budget)):
        return Verdict.INCONCLUSIVE, Reason.KINK_WITHIN_STEP
    return Verdict.INCONCLUSIVE, Reason.VACUOUS


def _must_be_zero(difference: Difference, budget: Array, budgets: Budgets) -> bool:
    """Whether an input or initial state provably cannot influence the loss (cut off by truncation).

    A weight without influence is another matter: that case shows nothing about its gradient.
    """
    name = difference.parameter
    untouched = not np.any(difference.want) and bool(np.all(budget <= budgets.flushed(name)))
    return untouched and is_per_sequence(name)


def not_judged(parameter: str, oracle: str, reason: Reason, *details: Any) -> Row:
    """The row of a gradient that is not compared with an oracle's, and why."""
    nan = float("nan")
    return Row(
        parameter, oracle, Verdict.UNSUPPORTED, reason,
        nan, nan, nan, nan, (), nan, nan, nan, 0, 0, 0, reason_details=details,
    )  # fmt: skip


ENOUGH = 8
"""Entries that must be hit before rounding is believed of some gradients while the others are
right.
"""


def is_imprecise(
    found: Mapping[str, Difference],
    budgets: Budgets,
    lower: Conditioning,
    anywhere: bool = False,
    one_number: bool = False,
) -> bool:
    """Whether errors over budget are what arithmetic in a lower precision would leave.

    They must stay within the budget of the lower precision; they must hit at least half of the
    entries that could show it, of all gradients or of `ENOUGH` entries of the wrong ones, unless
    some operations may lose digits and others keep them (`anywhere`); and they must not share one
    factor, which is a slightly wrong formula and not rounding, unless all gradients come through
    `one_number`, which is rounded once. What that precision has no numbers
    for may be lost whatever comes of the others.
    """
    wrong_hit, wrong_could, could, factors = 0, 0, 0, []
    floor = PRECISIONS[lower.dtype].tiniest
    for name, difference in found.items():
        budget, size = budgets.of(name), np.abs(difference.want)
        lost = budgets.typical(name, lower) + np.minimum(floor, size)
        allowed = budgets.allowed_in(name, lower)
        if np.any(difference.error > allowed):
            return False
        # an exact zero loses nothing, and of what is chaotic there anything may come
        shows = (lost > budget) & (difference.want != 0) & np.isfinite(allowed)
        over = (shows | anywhere) & (difference.error > budget)
        could += int(shows.sum())
        if np.any(over):
            wrong_hit, wrong_could = wrong_hit + int(over.sum()), wrong_could + int(shows.sum())
            normal = over & (size > floor)  # below it all may become zero
            factors.append(difference.got[normal] / difference.want[normal])
    shared = PRECISIONS[lower.dtype].unit if one_number else 0.0
    if not wrong_hit or _one_factor(together := np.concatenate(factors), shared):
        return False
    if anywhere or not together.size:
        return True
    return 2 * wrong_hit >= could or (wrong_hit >= ENOUGH and 2 * wrong_hit >= wrong_could)


def _one_factor(factors: Array, shared: float) -> bool:
    """Whether quotients got/expected are 1 plus one deviation: three to a tenth of it, two to a
    thousandth. One up to `shared` may be a single rounding that all of them have.
    """
    deviation = factors - 1.0
    share = 0.1 if len(factors) >= 3 else 0.001
    alike = len(factors) >= 2 and bool(np.ptp(deviation) < share * np.abs(deviation).max())
    return alike and bool(np.abs(deviation).max() > shared)
