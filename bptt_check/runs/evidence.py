"""What a report shows beyond the verdicts: plain frozen records of measurements.

`Evidence` is what was compared in one case, by reference; a run keeps that of the worst cases only
and makes a `Profile` of it. A `Spread` counts, so that no number of cases makes it larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..cases.case import Result
from ..verdicts.verdict import Budgets


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that was compared in one case: the subject's result and each oracle's with its
    budgets.
    """

    result: Result
    trusted: Mapping[str, Result]
    budgets: Mapping[str, Budgets]


class Reach(NamedTuple):
    """The worst error among the cases whose losses flow back over the same number of steps."""

    steps: int
    cases: int
    max_budgets: float


@dataclass(frozen=True)
class Spread:
    """One gradient of one model against one oracle in one dtype, over all cases.

    `budgets` and `ulps` are histograms of the largest error of each case: pairs of a bin and its
    number of cases. Bin b holds errors in `[10**(b/2), 10**((b+1)/2))`; an error of exactly zero
    is in `exact`, an infinite one in the last bin that a float64 can reach.
    """

    model: str
    parameter: str
    oracle: str
    dtype: str
    cases: int
    decided: int
    verdict: str
    max_budgets: float
    max_ulps: float
    exact: int
    budgets: tuple[tuple[int, int], ...]
    ulps: tuple[tuple[int, int], ...]
    reaches: tuple[Reach, ...]
    check: str = ""


@dataclass(frozen=True)
class Judged:
    """What one oracle says of one entry, and what its budget is made of.

    The budget is `units * (subject + oracle_rounding) + bound + choice + tiniest`: typical rounding
    errors of the subject's dtype and of the oracle's float64 (none of a proof), the oracle's own
    bound, what another subgradient at a kink may make, and the smallest normal number.
    """

    oracle: str
    value: float
    budget: float
    units: float
    subject: float
    oracle_rounding: float
    bound: float
    tiniest: float
    choice: float = 0.0
    proven: bool = False


@dataclass(frozen=True)
class Agreement:
    """How far two oracles are apart in one gradient, at most, in what both their errors allow."""

    one: str
    other: str
    gap: float


@dataclass(frozen=True)
class Quotients:
    """Central differences of one entry: relative error (absolute where the truth is zero) by step.

    `chosen` is the step that the oracle `finite_difference` takes; it then extrapolates.
    """

    steps: tuple[float, ...]
    errors: tuple[float, ...]
    chosen: float


@dataclass(frozen=True)
class Steps:
    """Along the time of one case: the norm of dL/dx_t, and the largest error of it in budgets.

    `errors` is empty where the subject offers no gradient of `x`. `windows` holds [start, end) of
    the steps over which a truncation goes back, block by block; it is empty for full BPTT.
    """

    norms: tuple[float, ...]
    errors: tuple[float, ...]
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Profile:
    """One gradient of one model in the worst case of the run, entry by entry.

    Args:
        shape: of the gradient.
        gates: names of the gates that are stacked in its first axis, empty where there are none.
        errors: (rows, columns) in budgets, the largest over the oracles that decide; of blocks of
            `block` entries (rows, columns) where the gradient is too large to be shown whole. A
            vector is one row; `x` (T, B, D) and states (L, B, H) have a row per first index.
        index: of the entry that the rest is about, `got` the subject's value of it.
    """

    model: str
    parameter: str
    verdict: str
    spec: str
    dtype: str
    shape: tuple[int, ...]
    gates: tuple[str, ...]
    block: tuple[int, int]
    errors: tuple[tuple[float, ...], ...]
    index: tuple[int, ...]
    got: float
    judged: tuple[Judged, ...]
    agreement: tuple[Agreement, ...]
    quotients: Quotients | None
    steps: Steps
    check: str = ""
