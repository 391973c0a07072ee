"""One gradient against one oracle: its row, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cases.types import Array
from ..equations.conditioning import Conditioning
from .budget import Budgets, ratio
from .difference import Difference
from .verdict import AT_KINK, KINK_WITHIN_STEP, PARTED, VACUOUS, Verdict


@dataclass(frozen=True)
class Row:
    """One gradient of one case against one oracle.

    `index` is the entry with the largest error in budgets, and `got`, `want` and `budget` are its
    values, `bound` that of the oracle's own error there. `wrong` counts the entries over budget,
    `decided` those whose truth exceeds the budget (so that a missing gradient would have shown).
    `floor` is the smallest relative error that would have shown in some decided entry, `floor_any`
    the one that would have shown in whichever; NaN where there is none. `proven` says that the
    oracle's bounds are a proof.
    """

    parameter: str
    oracle: str
    verdict: Verdict
    reason: str
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


def judge(difference: Difference, oracle: str, budgets: Budgets) -> Row:
    """Judge one gradient against one oracle: `pass`, `fail` or `inconclusive` with its reason."""
    budget = budgets.of(difference.parameter)
    row = row_of(difference, oracle, budget, budgets.subject.dtype)
    row = replace(row, **_from_oracle(difference.parameter, row, budgets))
    if row.verdict == Verdict.INCONCLUSIVE and _must_be_zero(difference, budget, budgets):
        reason = "exactly zero, as it must be"
        return replace(row, verdict=Verdict.PASS, reason=reason, decided=row.entries)
    return row


def _from_oracle(name: str, row: Row, budgets: Budgets) -> dict[str, Any]:
    """What a row says of the oracle's knowledge: its bound, whether that is a proof, kinks."""
    bound = np.broadcast_to(budgets.bound(name), budgets.subject.grads[name].shape)
    reason = _reason(name, row, budgets)
    return {"bound": float(bound[row.index]), "proven": budgets.proven, "reason": reason}


def _reason(name: str, row: Row, budgets: Budgets) -> str:
    """Why a row says no more than it does: chaos, before a kink within the step or at the point."""
    if row.reason == KINK_WITHIN_STEP:
        parted = np.all(budgets.anything(name))
        return PARTED.format(budgets.subject.dtype) if parted else KINK_WITHIN_STEP
    at_kink = int(np.sum(np.asarray(budgets.subject.choice(name)) > 0))
    if row.verdict == Verdict.FAIL or not at_kink:
        return row.reason
    return AT_KINK.format(at_kink, row.entries)


def row_of(difference: Difference, oracle: str, budget: Array, dtype: str) -> Row:
    """The row of a difference, given the budget of every entry."""
    # an oracle without a finite number or bound has decided nothing about that entry
    decides = np.isfinite(budget) & np.isfinite(difference.want)
    in_budgets = ratio(difference.error, np.where(decides, budget, np.inf))
    index = np.unravel_index(int(np.argmax(in_budgets)), in_budgets.shape)
    size = np.abs(difference.want)
    shows = decides & (size > budget)
    floors = budget[shows] / size[shows]
    wrong = int(np.sum(~(in_budgets <= 1.0)))
    verdict, reason = _verdict(wrong, floors.size, budget)
    return Row(
        parameter=difference.parameter,
        oracle=oracle,
        verdict=verdict,
        reason=reason,
        max_abs=float(difference.error.max()),
        max_rel=float(difference.relative.max()),
        max_ulps=float(difference.ulps(dtype).max()),
        max_budgets=float(in_budgets.max()),
        index=tuple(int(i) for i in index),
        got=float(difference.got[index]),
        want=float(difference.want[index]),
        budget=float(budget[index]),
        entries=in_budgets.size,
        wrong=wrong,
        decided=floors.size,
        floor=float(floors.min()) if floors.size else math.nan,
        floor_any=float(floors.max()) if floors.size == in_budgets.size else math.nan,
    )


def _verdict(wrong: int, decided: int, budget: Array) -> tuple[Verdict, str]:
    if wrong:
        return Verdict.FAIL, ""
    if decided:
        return Verdict.PASS, ""
    if not np.any(np.isfinite(budget)):
        return Verdict.INCONCLUSIVE, KINK_WITHIN_STEP
    return Verdict.INCONCLUSIVE, VACUOUS


def _must_be_zero(difference: Difference, budget: Array, budgets: Budgets) -> bool:
    """Whether an input or initial state provably cannot influence the loss (cut off by truncation).

    A weight without influence is another matter: that case shows nothing about its gradient.
    """
    untouched = not np.any(difference.want) and bool(np.all(budget <= budgets.floor))
    return untouched and difference.parameter in ("x", "h0", "c0")


def declined(parameter: str, oracle: str, reason: str) -> Row:
    """The row of an oracle that cannot judge this kind of case at all."""
    nan = float("nan")
    return Row(
        parameter, oracle, Verdict.UNSUPPORTED, reason,
        nan, nan, nan, nan, (), nan, nan, nan, 0, 0, 0,
    )  # fmt: skip


ENOUGH = 8
"""Entries that must be hit before rounding is believed of some gradients while the others are
right.
"""


def is_imprecise(found: Mapping[str, Difference], budgets: Budgets, lower: Conditioning) -> bool:
    """Whether errors over budget are what arithmetic in a lower precision would leave.

    They must stay within the budget of the lower precision; they must hit at least half of the
    entries that could show it, of all gradients or of `ENOUGH` entries of the wrong ones; and they
    must not share one factor, which is a slightly wrong formula and not rounding.
    """
    wrong_hit, wrong_could, could, factors = 0, 0, 0, []
    for name, difference in found.items():
        budget = budgets.of(name)
        if np.any(difference.error > budget + budgets.tolerance.units * lower.error(name)):
            return False
        shows = (lower.error(name) > budget) & (difference.want != 0)  # an exact zero loses nothing
        over = shows & (difference.error > budget)
        could += int(shows.sum())
        if np.any(over):
            wrong_hit, wrong_could = wrong_hit + int(over.sum()), wrong_could + int(shows.sum())
            factors.append(difference.got[over] / difference.want[over])
    if not factors or _one_factor(np.concatenate(factors)):
        return False
    return 2 * wrong_hit >= could or (wrong_hit >= ENOUGH and 2 * wrong_hit >= wrong_could)


def _one_factor(factors: Array) -> bool:
    """Whether at least three quotients got/expected are 1 plus the same deviation, to a tenth of
    it.
    """
    deviation = factors - 1.0
    return len(factors) >= 3 and bool(np.ptp(deviation) < 0.1 * np.abs(deviation).max())
