"""What a run measured beside its verdicts: how errors are distributed, the worst entries, flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..verdicts.verdict import Verdict
from .errors.compared_arrays import ComparedArray


@dataclass(frozen=True)
class Flow:
    """Gradient flow of one case, as far as a report shows it.

    `paths[i][k]` is the norm of what the loss of step i contributes to `weight` through its use at
    step k; `state_norms[t]` that of dL/dh_t in the top layer; `kept[k - 1]` the share of the
    weight's gradient that a sliding window of k steps keeps.
    """

    model: str
    spec: str
    weight: str
    paths: tuple[tuple[float, ...], ...]
    state_norms: tuple[float, ...]
    kept: tuple[float, ...]


class ErrorByLength(NamedTuple):
    """The worst error among the cases whose losses flow back over the same number of steps."""

    steps: int
    cases: int
    max_budgets: float


@dataclass(frozen=True)
class ErrorHistogram:
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
    verdict: Verdict
    max_budgets: float
    max_ulps: float
    exact: int
    budgets: tuple[tuple[int, int], ...]
    ulps: tuple[tuple[int, int], ...]
    by_length: tuple[ErrorByLength, ...]
    check: str = ""


@dataclass(frozen=True)
class OracleOpinion:
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
    """How far two oracles are apart in one gradient, at most, in what both their errors allow; and
    in how many entries (or slopes) only as far as any slope is right at a kink of relu.
    """

    one: str
    other: str
    gap: float
    at_kinks: int = 0


@dataclass(frozen=True)
class DifferenceQuotients:
    """Central differences of one entry: relative error (absolute where the truth is zero) by step.

    `chosen` is the step that the oracle `finite_difference` takes; it then extrapolates.
    """

    steps: tuple[float, ...]
    errors: tuple[float, ...]
    chosen: float


@dataclass(frozen=True)
class TimeProfile:
    """Along the time of one case: the norm of dL/dx_t, and the largest error of it in budgets.

    `errors` is empty where the subject offers no gradient of `x`. `windows` holds [start, end) of
    the steps over which a truncation goes back, block by block; it is empty for full BPTT.
    """

    norms: tuple[float, ...]
    errors: tuple[float, ...]
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class OwnArrays:
    """What a subject calls the arrays of one target: by the name of each in the contract those that
    it is in, with slices (`W[:, :D]`) where one holds others as well.
    """

    model: str
    names: dict[str, tuple[str, ...]]
    check: str = ""


@dataclass(frozen=True)
class OwnGrid:
    """The errors of a gradient in one array of the subject's, as the subject lays it out.

    Args:
        array: what the subject calls it.
        shape: of what it has of the gradient; `first` is where in the array that begins.
        axes: for each of its axes which one of the contract's array it is; -1 for none of them.
        gates: letters of the gates that are stacked in the axis that is the contract's first one,
            in the subject's order; empty where there are none.
        errors, block: as those of a `WorstEntry`.
        index: of the worst entry in the array; empty where it is in another one.
    """

    array: str
    shape: tuple[int, ...]
    first: tuple[int, ...]
    axes: tuple[int, ...]
    gates: tuple[str, ...]
    block: tuple[int, int]
    errors: tuple[tuple[float, ...], ...]
    index: tuple[int, ...]


@dataclass(frozen=True)
class WorstEntry:
    """One gradient of one model in the worst case of the run, entry by entry.

    Args:
        shape: of the gradient.
        gates: names of the gates that are stacked in its first axis, empty where there are none.
        errors: (rows, columns) in budgets, the largest over the oracles that decide; of blocks of
            `block` entries (rows, columns) where the gradient is too large to be shown whole. A
            vector is one row; `x` (T, B, D) and states (L, B, H) have a row per first index.
        index: of the entry that the rest is about, `got` the subject's value of it.
        opinions: what each oracle says of it; `agreement`: how far each two of them are apart.
        quotients: of that entry; None where it is a constant of the loss.
        over_time: of the same case.
        own: the errors in the subject's own arrays; empty where it has those of the contract.
        compared: what came and what is right, if it is wrong.
    """

    model: str
    parameter: str
    verdict: Verdict
    spec: str
    dtype: str
    shape: tuple[int, ...]
    gates: tuple[str, ...]
    block: tuple[int, int]
    errors: tuple[tuple[float, ...], ...]
    index: tuple[int, ...]
    got: float
    opinions: tuple[OracleOpinion, ...]
    agreement: tuple[Agreement, ...]
    quotients: DifferenceQuotients | None
    over_time: TimeProfile
    check: str = ""
    own: tuple[OwnGrid, ...] = ()
    compared: tuple[ComparedArray, ...] = ()
