"""What a run leaves behind: plain frozen records, from which every report is made."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..cases.case import Case
from ..verdicts.verdict import Row
from .evidence import Evidence, Profile, Spread

SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class CaseReport:
    """The answer for one case: its verdict, a row per gradient and oracle, and the explanation."""

    verdict: str
    case: Case
    subject: str
    rows: tuple[Row, ...] = ()
    message: str = ""
    parameter: str = ""
    loss: float = float("nan")
    expected_loss: float = float("nan")
    evidence: Evidence | None = None
    asked: bool = True
    """False if the subject was not called any more, having ended its process too often."""

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict == "pass"

    @property
    def proven(self) -> bool:
        """Whether the verdict rests on a proof: wrong for sure, or every gradient within budget."""
        settled = {r.parameter for r in self.rows if r.proven and r.verdict == self.verdict}
        if self.verdict == "fail":
            return bool(settled)
        return self.verdict == "pass" and settled >= {
            r.parameter for r in self.rows if r.verdict == "pass"
        }

    @property
    def spec(self) -> str:
        """The line that reproduces the case; empty if its arrays were given by hand."""
        return str(self.case.spec) if self.case.spec else ""


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
    verdict: str
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


CONFIDENCE = ("certain", "one of several", "likely", "hint")
"""How far a finding can be trusted. `certain`: the edit gives the subject's very gradients, on
every failing case, and nothing with another meaning does. `one of several`: something else does
too. `likely`: part of what is wrong is reproduced, or several edits together are needed. `hint`:
no known mistake does it; this is where it starts."""


@dataclass(frozen=True)
class Finding:
    """What is wrong, as a fact that was checked.

    Args:
        sentence: the whole of it, in one line.
        confidence: one of `CONFIDENCE`.
        parameters: the wrong gradients that it explains.
        cases: how many failing cases confirm it.
        right, wrong: the line as it should be, and as it gives the subject's gradients.
        equations: numbers of reference/README.md that the line computes.
        place: the function of the reference that has the line.
        condition: when the mistake is made, as the end of "only when ..."; empty for always.
        alternatives: what else gives the same gradients.
    """

    sentence: str
    confidence: str
    parameters: tuple[str, ...] = ()
    cases: int = 0
    right: str = ""
    wrong: str = ""
    equations: tuple[str, ...] = ()
    place: str = ""
    condition: str = ""
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Failure:
    """One way in which a model failed, on the smallest case that shows it.

    `test_code` is a test of that case that can be pasted into a file and run.
    """

    verdict: str
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


@dataclass(frozen=True)
class TaylorCurve:
    """The remainder of one direction by step, as `remainder.taylor` measured it.

    Args:
        model, spec: where.
        parameter: the input along which, or `all inputs`.
        verdict, reason: `pass`, `fail` or `inconclusive`, and why.
        order: fitted slope of log R over log s, None where none can be fitted.
        steps, remainders: the curve, the largest step first.
        rounding: what rounding explains of each remainder.
        first, last: the order is fitted to the steps [first, last).
    """

    model: str
    spec: str
    parameter: str
    verdict: str
    reason: str
    order: float | None
    steps: tuple[float, ...]
    remainders: tuple[float, ...]
    rounding: tuple[float, ...]
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Record:
    """A whole run.

    `cases` counts verdicts of cases; `table` holds one column per name with an element per case,
    gradient and oracle, in the order of `TABLE`; `declined` maps a model to the reason.
    """

    verdict: str
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
        return self.verdict == "pass"

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
