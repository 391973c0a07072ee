"""What a run leaves behind: plain frozen records, from which every report is made."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.types import Array
from ..cases.written.reproduction import Origin
from ..diagnosis.finding import Finding
from ..own_loss.differencing.taylor_curve import TaylorCurve
from ..verdicts.case_kind import CaseKind
from ..verdicts.row import Row
from ..verdicts.verdict import Reason, Verdict
from .coverage.covered import Covered
from .effort.quick import Quick
from .effort.stages import Stages
from .errors.compared_arrays import ComparedArray
from .measurements import ErrorHistogram, Flow, OwnArrays, WorstEntry
from .provenance.provenance import Provenance
from .repairs.records import LINES, Searched
from .systematic.records import SystematicError, SystematicFloor

COUNTEREXAMPLES = "counterexamples"
"""The folder of the cases of failures, inside the folder of a run."""
READABLE = 80
"""Numbers of a case that a reader can take in."""


@dataclass(frozen=True)
class Summary:
    """One gradient of one model against one oracle, over all cases. NaN where nothing was measured.

    `check` is the check that it belongs to, where several are reported together.
    `floor` and `floor_any` are the smallest of all cases (see `verdict.Row`): the smallest
    relative error of one entry that this run would have caught somewhere, and in whichever entry.
    `reason` is for readers, `reason_kind` for programs. `directional` counts the cases that the
    oracle measured along directions of signs instead of entry by entry; `worst_directions` is the
    number of these where the worst case is such a one (`worst_index` is empty then), else 0.
    `subgradients` counts the entries of all cases that agree only as far as any slope is right at a
    kink of relu; errors, the worst entry and floors are those of the others.
    `missing` counts the cases in which the subject did not offer the gradient, `undefined` those in
    which the reference of a recurrence has no number.
    `worst_place` is the worst entry in the subject's own arrays, "" where these are the contract's.
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
    reason_kind: Reason = Reason.NONE
    check: str = ""
    directional: int = 0
    worst_directions: int = 0
    subgradients: int = 0
    missing: int = 0
    undefined: int = 0
    worst_place: str = ""


@dataclass(frozen=True)
class Failure:
    """One way in which a model failed, on the smallest case that shows it.

    Args:
        verdict, model, parameter: what failed; no parameter where it is not one gradient.
        message: the explanation, of several lines.
        reproduction: what to type to see it again; the last line of the message, if there is one.
        spec: of the smallest case, `first_spec` of the one that was found first.
        cases: how many cases failed so.
        kind: which kind of mistake it is; None where that was not recorded.
        compared: the wrong gradients of the case, entry by entry.
        without_diagnosis: the message without the lines of `findings`; "" in older records.
        explains_further: how many other cases of the model it explains: those that were not asked
            because of it; beside a wrong formula those whose errors are as small as rounding.
        diagnoses: the sentences of `findings`.
        test_code: a test of that case that can be pasted into a file and run.
        counterexample: where the arrays of the case are, relative to the folder of the run.
        check: the check that it belongs to, where several are reported together.
        arrays: numbers of the case as text, where they are few enough to be read.
        own_arrays: the same as the subject gets them, where its arrays are not the contract's.
        passes_with: the kind of initial state (`zero`, `zero_h`, `zero_c`) with which cases that
            failed so pass; "" if there is none, or none was tried.
        same_as: the model of the first failure that says the same; "" if this is the first.
    """

    verdict: Verdict
    model: str
    parameter: str
    message: str = field(metadata=LINES)
    spec: str
    cases: int
    first_spec: str
    diagnoses: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    test_code: str = field(default="", metadata=LINES)
    reproduction: str = field(default="", metadata=LINES)
    counterexample: str | None = None
    check: str = ""
    arrays: dict[str, str] = field(default_factory=dict[str, str], metadata=LINES)
    own_arrays: dict[str, str] = field(default_factory=dict[str, str], metadata=LINES)
    passes_with: str = ""
    same_as: str = ""
    kind: CaseKind | None = None
    explains_further: int = 0
    without_diagnosis: str = field(default="", metadata=LINES)
    compared: tuple[ComparedArray, ...] = ()


@dataclass(frozen=True, eq=False)
class FailureWithCase(Failure):
    """A failure with its smallest case in memory, for as long as the process lives.

    `ending` is why no number came, the same for failures that are the same; None if some did.
    `shared` are the errors that it tells of, where these are of no case by itself.
    """

    case: AnyCase = field(kw_only=True)
    ending: Hashable = field(default=None, kw_only=True)
    shared: tuple[SystematicError, ...] = field(default=(), kw_only=True)

    def recorded(self, counterexample: str) -> Failure:
        """What `run.json` holds of it; the case goes to the file of this name."""
        own = {f.name: getattr(self, f.name) for f in fields(Failure)}
        case = self.case
        arrays = dict(case.given) if isinstance(case, RecurrenceCase) else _told_arrays(case)
        return replace(Failure(**own), counterexample=counterexample, arrays=readable(arrays))


def _told_arrays(case: Case) -> dict[str, Array]:
    """Inputs, targets and lengths."""
    arrays = {**case.inputs, "targets": case.targets}
    return arrays if case.lengths is None else {**arrays, "lengths": case.lengths}


@dataclass(frozen=True)
class KindCount:
    """How many cases of a model ended in one way."""

    model: str
    kind: CaseKind
    cases: int
    check: str = ""


@dataclass(frozen=True)
class CheckEntry:
    """One call of `verify` among several, labelled with the test that made it."""

    check: str
    verdict: Verdict
    subject: str
    models: tuple[str, ...]
    seed: int | None
    cases: dict[str, int]
    declined: dict[str, str]
    seconds: float
    interrupted: bool = False


@dataclass(frozen=True)
class Run:
    """A whole run: what `run.json` holds. No array, and no path of this machine.

    Args:
        verdict: of all of it.
        seed: None where several checks have different ones.
        cases: verdict to the number of cases that got it.
        declined: model to the reason why the subject did not take it.
        interrupted: whether it ended before it was done.
        rows: a summary per model, gradient and oracle.
        failures: those that explain most cases first; their cases lie beside the run, by name.
        checks: the calls of `verify`, empty unless several are reported together.
        flows, error_histograms, worst_entries, taylor: what was measured beside the verdicts.
        address: the text by which the command line takes the subject; "" if it cannot.
        setup: lines of Python that make `subject` where there is no address.
        left_out: models of which nothing was asked, after the same error in all others.
        own_arrays: of each target what the subject calls its arrays, if not as the contract does.
        covered: which levels and pairs of levels of the factors its cases had.
        kinds: how many cases of each model ended in which way; empty in older records.
        accuracy: to which the subject was declared to be right; 0 if nothing was declared.
        stages: where the time went; empty in older records.
        quick: what a quick run left out; None for any other.
        systematic: errors that many cases have in common, and no case shows by itself.
        systematic_floors: the smallest such error of each gradient that would have been found.
        kernel: what was said of a kernel of a recurrence; None of any other subject.
        searches: for the edit that makes the subject right, where there was one.
        provenance: when, where and of which commit it was made; empty in older records.
    """

    verdict: Verdict
    subject: str
    command: str
    seed: int | None
    environment: dict[str, str]
    models: tuple[str, ...]
    oracles: tuple[str, ...]
    cases: dict[str, int]
    declined: dict[str, str]
    interrupted: bool
    seconds: float
    rows: tuple[Summary, ...]
    failures: tuple[Failure, ...]
    checks: tuple[CheckEntry, ...] = ()
    flows: tuple[Flow, ...] = ()
    error_histograms: tuple[ErrorHistogram, ...] = ()
    worst_entries: tuple[WorstEntry, ...] = ()
    taylor: tuple[TaylorCurve, ...] = ()
    address: str = ""
    setup: tuple[str, ...] = field(default=(), metadata=LINES)
    left_out: tuple[str, ...] = ()
    covered: Covered = field(default_factory=Covered)
    kinds: tuple[KindCount, ...] = ()
    accuracy: float = 0.0
    own_arrays: tuple[OwnArrays, ...] = ()
    stages: Stages = field(default_factory=Stages)
    quick: Quick | None = None
    systematic: tuple[SystematicError, ...] = ()
    systematic_floors: tuple[SystematicFloor, ...] = ()
    kernel: dict[str, str | int] | None = None
    searches: tuple[Searched, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict == Verdict.PASS

    @property
    def origin(self) -> Origin:
        """How a new process gets the subject."""
        return Origin(self.address, self.setup, self.accuracy, self.kernel)

    @property
    def parts(self) -> tuple[CheckEntry, ...]:
        """The checks; a run that is one check is its own only part."""
        own = {f.name: getattr(self, f.name) for f in fields(CheckEntry) if f.name != "check"}
        return self.checks or (CheckEntry(check="", **own),)


class RunWithCases(NamedTuple):
    """A run and what lies beside it: a line per case, gradient and oracle, and counterexamples.

    `table` holds one column per name of `TABLE`; `cases` are those of the failures, by the name
    that each failure has for it.
    """

    run: Run
    table: Mapping[str, Sequence[Any]]
    cases: dict[str, AnyCase]


TABLE: tuple[str, ...] = (
    "model", "spec", "parameter", "oracle", "verdict", "reason", "max_abs", "max_rel", "max_ulps",
    "max_budgets", "got", "want", "budget", "bound", "entries", "wrong", "decided", "floor",
    "floor_any", "proven", "directions", "subgradients",
)  # fmt: skip
"""Columns of the table of a run."""
TABLE_TYPES = {"check": "str", "model": "str", "spec": "str", "reason": "str"} | {
    f.name: str(f.type) if f.type in ("float", "int", "bool") else "str"
    for f in fields(Row)
    if f.name in TABLE
}
"""Column to the name of its Python type."""


def counterexample_name(number: int, model: str, verdict: str) -> str:
    """Where the case of a failure goes, relative to the folder of the run."""
    readable = re.sub(r"[^A-Za-z0-9+-]", "_", f"{model}-{verdict}")[:80]
    return f"{COUNTEREXAMPLES}/{number + 1:03d}-{readable}.npz"


def readable(arrays: Mapping[str, Any]) -> dict[str, str]:
    """The arrays of a small case as text; nothing of a larger one."""
    if sum(np.size(array) for array in arrays.values()) > READABLE:
        return {}
    return {
        name: np.array2string(np.asarray(array), precision=4, suppress_small=False, separator=", ")
        for name, array in arrays.items()
    }
