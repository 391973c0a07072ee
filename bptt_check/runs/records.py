"""What a run leaves behind: plain frozen records, from which every report is made."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..cases.case import Case
from ..diagnosis.finding import Finding
from ..own_loss.taylor_curve import TaylorCurve
from ..verdicts.verdict import Verdict

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Summary:
    """One gradient of one model against one oracle, over all cases. NaN where nothing was
    measured.

    `floor` and `floor_any` are the smallest of all cases (see `verdict.Row`): the smallest
    relative error of one entry that this run would have caught somewhere, and in whichever entry.
    """

    model: str
    parameter: str
    oracle: str
    cases: int
    verdict: Verdict
    reason: str
    decided: int
    max_abs: float
    max_rel: float
    max_ulps: float
    max_budgets: float
    worst_spec: str
    worst_index: tuple[int, ...]
    floor: float = float("nan")
    floor_any: float = float("nan")
    proven: bool = False


@dataclass(frozen=True, eq=False)
class Failure:
    """One way in which a model failed, on the smallest case that shows it.

    `test_code` is a test of that case that can be pasted into a file and run.
    """

    verdict: Verdict
    model: str
    parameter: str
    message: str
    spec: str
    cases: int
    first_spec: str
    case: Case
    diagnoses: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    test_code: str = ""


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


@dataclass(frozen=True, eq=False)
class Record:
    """A whole run.

    `cases` counts verdicts of cases; `table` holds one column per name with an element per case,
    gradient and oracle, in the order of `TABLE`; `declined` maps a model to the reason.
    """

    verdict: Verdict
    subject: str
    models: tuple[str, ...]
    oracles: tuple[str, ...]
    seed: int
    rows: tuple[Summary, ...]
    failures: tuple[Failure, ...]
    cases: dict[str, int]
    declined: dict[str, str]
    table: dict[str, list[Any]]
    seconds: float
    interrupted: bool = False
    command: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    spreads: tuple[Spread, ...] = ()
    profiles: tuple[Profile, ...] = ()
    taylor: tuple[TaylorCurve, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict == Verdict.PASS

    @property
    def counterexample(self) -> Case | None:
        """The simplest case that shows the first failure, None if there is none."""
        return self.failures[0].case if self.failures else None


TABLE: tuple[str, ...] = (
    "model", "spec", "parameter", "oracle", "verdict", "reason", "max_abs", "max_rel", "max_ulps",
    "max_budgets", "got", "want", "budget", "bound", "entries", "wrong", "decided", "floor",
    "floor_any", "proven",
)  # fmt: skip


def environment(
    packages: Sequence[str] = ("numpy", "hypothesis", "torch", "jax", "python-flint"),
) -> dict[str, str]:
    """Versions of everything that can influence a number; no names of machines or people."""
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    for name in ("bptt_check", *packages):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


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
    verdict: Verdict
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
    verdict: Verdict
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


@dataclass(frozen=True)
class Progress:
    """Where a run stands: cases done and in all, the model at work, failing cases so far."""

    done: int
    total: int
    model: str
    failing: int
