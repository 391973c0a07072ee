"""Error budgets and judgement.

The budget of an entry is `units * (u_s k_s + u_64 k_64) + bound`: the rounding that this case
inflicts on the subject (in its dtype, unit roundoff u_s, conditioning k_s) and on the oracle
(float64), both as measured by `roundoff`, plus the oracle's own bound. Nothing scales with the size
of an array, nothing is fixed in advance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .case import Result
from .compare import Difference
from .roundoff import Conditioning

Array = NDArray[Any]

VERDICTS = ("error", "contract", "fail", "imprecise", "inconclusive", "unsupported", "pass")
"""From worst to best, as far as one case goes."""

NOT_OFFERED = "not offered by the subject"

TINIEST = {"float64": 2.0**-1022, "float32": 2.0**-126}
"""Below the smallest normal number of a dtype results may be flushed to zero."""


@dataclass(frozen=True)
class Tolerance:
    """How many typical rounding errors are allowed; the one number behind every budget.

    Right implementations differ by 0.3 in the median, 2 at the 99th and 3 at the 99.9th percentile
    of 190,000 entries of all regimes (`benchmarks/budgets.py` measures it); the smallest error that
    a wrong formula makes is millions of units.
    """

    units: float = 32.0


@dataclass(frozen=True, eq=False)
class Budgets:
    """Everything that budgets of one case are made of; passed whole."""

    tolerance: Tolerance
    subject: Conditioning
    oracle: Conditioning
    bounds: Mapping[str, Array] | None

    def of(self, name: str) -> Array:
        """The budget of each entry of one gradient."""
        rounding = self.subject.error(name) + self.oracle.error(name)
        bound = 0.0 if self.bounds is None else self.bounds[name]
        return self.tolerance.units * rounding + bound + TINIEST[self.subject.dtype]

    def of_loss(self) -> float:
        """The budget of the loss; every oracle's loss comes from the same forward pass."""
        rounding = self.subject.loss_error() + self.oracle.loss_error()
        return self.tolerance.units * rounding + TINIEST[self.subject.dtype]


@dataclass(frozen=True)
class Row:
    """One gradient of one case against one oracle.

    `index` is the entry with the largest error in budgets, and `got`, `want` and `budget` are its
    values. `wrong` counts the entries over budget, `decided` those whose truth exceeds the budget
    (so that a missing gradient would have shown).
    """

    parameter: str
    oracle: str
    verdict: str
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


def judge(difference: Difference, oracle: str, budgets: Budgets) -> Row:
    """Judge one gradient against one oracle: `pass`, `fail` or `inconclusive` with its reason."""
    budget = budgets.of(difference.parameter)
    row = row_of(difference, oracle, budget, budgets.subject.dtype)
    if row.verdict == "inconclusive" and _must_be_zero(difference, budget, budgets):
        reason = "exactly zero, as it must be"
        return replace(row, verdict="pass", reason=reason, decided=row.entries)
    return row


def row_of(difference: Difference, oracle: str, budget: Array, dtype: str) -> Row:
    """The row of a difference, given the budget of every entry."""
    with np.errstate(over="ignore"):  # a finite error over the smallest budget may be infinite
        # an oracle without a finite number or bound has decided nothing about that entry
        decides = np.isfinite(budget) & np.isfinite(difference.want)
        ratio = np.where(decides, difference.error / np.where(decides, budget, 1.0), 0.0)
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    decided = int(np.sum(decides & (np.abs(difference.want) > budget)))
    wrong = int(np.sum(~(ratio <= 1.0)))
    verdict, reason = _verdict(wrong, decided, budget)
    return Row(
        parameter=difference.parameter,
        oracle=oracle,
        verdict=verdict,
        reason=reason,
        max_abs=float(difference.error.max()),
        max_rel=float(difference.relative.max()),
        max_ulps=float(difference.ulps(dtype).max()),
        max_budgets=float(ratio.max()),
        index=tuple(int(i) for i in index),
        got=float(difference.got[index]),
        want=float(difference.want[index]),
        budget=float(budget[index]),
        entries=ratio.size,
        wrong=wrong,
        decided=decided,
    )


def _verdict(wrong: int, decided: int, budget: Array) -> tuple[str, str]:
    if wrong:
        return "fail", ""
    if decided:
        return "pass", ""
    if not np.any(np.isfinite(budget)):
        return "inconclusive", "a kink lies within the step of every entry"
    return "inconclusive", "vacuous: the true gradient lies below the budget"


def _must_be_zero(difference: Difference, budget: Array, budgets: Budgets) -> bool:
    """Whether an input or initial state provably cannot influence the loss (cut off by truncation).

    A weight without influence is another matter: that case shows nothing about its gradient.
    """
    floor = TINIEST[budgets.subject.dtype]
    untouched = not np.any(difference.want) and bool(np.all(budget <= floor))
    return untouched and difference.parameter in ("x", "h0", "c0")


def declined(parameter: str, oracle: str, reason: str) -> Row:
    """The row of an oracle that cannot judge this kind of case at all."""
    nan = float("nan")
    return Row(
        parameter, oracle, "unsupported", reason, nan, nan, nan, nan, (), nan, nan, nan, 0, 0, 0
    )


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
        shows = lower.error(name) > budget
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


@dataclass(frozen=True)
class Disagreement:
    """Two oracles that exclude each other on one entry, and who is outvoted by the rest."""

    parameter: str
    index: tuple[int, ...]
    values: Mapping[str, float]
    outvoted: str


def disagreement(
    results: Mapping[str, Result], budgets: Mapping[str, Budgets]
) -> Disagreement | None:
    """The worst entry on which two oracles differ by more than both their errors allow, if any."""
    worst: tuple[float, Disagreement | None] = (1.0, None)
    names = list(results)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            for parameter in results[one].grads:
                ratio, index = _excess(parameter, (one, other), results, budgets)
                if ratio > worst[0]:
                    values = {n: float(results[n].grads[parameter][index]) for n in names}
                    found = Disagreement(parameter, index, values, _outvoted(values))
                    worst = (ratio, found)
    return worst[1]


def _excess(
    parameter: str,
    pair: tuple[str, str],
    results: Mapping[str, Result],
    budgets: Mapping[str, Budgets],
) -> tuple[float, tuple[int, ...]]:
    """Largest distance of two oracles in what both their errors allow, and where."""
    one, other = pair
    allowed = budgets[one].of(parameter) + budgets[other].of(parameter)
    gap = np.abs(results[one].grads[parameter] - results[other].grads[parameter])
    ratio = np.where(np.isfinite(allowed), gap / allowed, 0.0)
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return float(ratio[index]), tuple(int(i) for i in index)


def _outvoted(values: Mapping[str, float]) -> str:
    """The oracle farthest from the median of all, when there are at least three."""
    if len(values) < 3:
        return ""
    median = float(np.median(list(values.values())))
    return max(values, key=lambda name: abs(values[name] - median))


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts; `inconclusive` if there is none."""
    found = set(verdicts)
    return next((v for v in VERDICTS if v in found), "inconclusive")
