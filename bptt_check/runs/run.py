"""Many cases: draw, check in chunks, summarise, and explain each failure on its smallest case.

Subject and oracles are arguments. Nothing here prints, knows a path or depends on the order of
cases.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis.strategies import SearchStrategy

from ..cases.case import Differentiator, Spec
from ..cases.targets import Target
from ..strategies import draw_specs, remember, specs
from ..subjects.calling import name_of
from ..verdicts.judge import Setup, check_cases
from ..verdicts.messages import with_rest
from ..verdicts.verdict import NOT_OFFERED, VERDICTS, Row
from .error_distribution import Spreads
from .evidence import Profile
from .failures import as_found, failure_of
from .highlights import shown_curves, shown_flows
from .records import TABLE, CaseReport, Failure, Record, Summary, TaylorCurve, environment
from .shrink import Drawing
from .worst_cases import Worst

CHUNK = 32
FAILURES = ("error", "contract", "fail", "imprecise")
FULLY_SHRUNK = 5
"""Models whose failure is shrunk; a subject that is wrong everywhere would otherwise take
minutes.
"""


@dataclass(frozen=True)
class Plan:
    """What to check: targets, cases per target, dtypes and the seed of the drawing."""

    targets: tuple[Target, ...]
    cases: int = 100
    dtypes: tuple[str, ...] = ("float64",)
    seed: int = 0

    def strategy(self, target: Target) -> SearchStrategy[Spec]:
        """The strategy from which the specs of a target are drawn."""
        drawn = specs(
            model=target.model,
            dtypes=self.dtypes,
            lengths=target.lengths,
            truncation=target.truncated,
        )
        return drawn.map(target.fit)


@dataclass(frozen=True)
class Progress:
    """Where a run stands: cases done and in all, the model at work, failing cases so far."""

    done: int
    total: int
    model: str
    failing: int


def verify(
    subject: Differentiator,
    plan: Plan,
    setup: Setup,
    progress: Callable[[Progress], None] | None = None,
    keep_partial: bool = False,
) -> Record:
    """Check a subject on all cases of a plan.

    With `keep_partial` a KeyboardInterrupt ends the run early, and the record says so.
    """
    begin = time.perf_counter()
    tally = Tally()
    declined = {t.name: "supports() says no" for t in plan.targets if not _supports(subject, t)}
    accepted = [t for t in plan.targets if t.name not in declined]
    failures: list[Failure] = []
    curves: list[TaylorCurve] = []
    interrupted = False
    try:
        for target in accepted:
            for report in _check_target(subject, target, plan, setup):
                tally.add(target.name, report)
                if progress is not None:
                    progress(tally.progress(plan.cases * len(accepted), target.name))
            failures += _failures(subject, target, plan, setup, tally, len(failures))
            tally.close(target.name)
        curves += shown_curves(subject, accepted, tally.known, setup.timeout)
    except KeyboardInterrupt:
        if not keep_partial:
            raise
        interrupted = True
        failures += _as_found(accepted, tally, {f.model for f in failures})
    declined |= tally.refused()
    accepted = [t for t in accepted if t.name not in declined]
    rows = tally.summaries()
    return Record(
        verdict=_run_verdict(tally, rows, [t.name for t in accepted], interrupted),
        subject=name_of(subject),
        models=tuple(t.name for t in plan.targets),
        oracles=tuple(o.name for o in setup.oracles),
        seed=plan.seed,
        rows=rows,
        failures=tuple(sorted(failures, key=lambda f: VERDICTS.index(f.verdict))),
        cases=tally.verdicts,
        declined=declined,
        table=tally.table,
        seconds=time.perf_counter() - begin,
        interrupted=interrupted,
        environment=environment(),
        flows=tuple(shown_flows(accepted, tally.known)),
        taylor=tuple(curves),
        spreads=tally.spreads.records(),
        profiles=tuple(tally.profiles),
    )


class Tally:
    """Sums up case reports as they come; the order does not matter."""

    def __init__(self) -> None:
        self.count = 0
        self.verdicts: dict[str, int] = {}
        self.table: dict[str, list[Any]] = {name: [] for name in TABLE}
        self.first: dict[str, dict[str, CaseReport]] = {}
        self.known: dict[str, dict[Spec, str]] = {}
        self.spreads = Spreads()
        self.worst = Worst()
        self.profiles: list[Profile] = []
        self.unasked: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._rows: dict[tuple[str, str, str], Summary] = {}

    @property
    def failing(self) -> int:
        """Number of cases with a failing verdict."""
        return sum(self.verdicts.get(v, 0) for v in FAILURES)

    def add(self, model: str, report: CaseReport) -> None:
        """Take in one case of the target named `model`."""
        spec = report.spec
        self.count += 1
        self.spreads.add(model, report)
        self.worst.add(report)
        self.verdicts[report.verdict] = self.verdicts.get(report.verdict, 0) + 1
        if not report.asked:
            self.unasked[model] = self.unasked.get(model, 0) + 1
        elif report.case.spec is not None:
            self.known.setdefault(model, {})[report.case.spec] = report.verdict
        if report.verdict == "unsupported":
            self._reasons[model] = report.message
        if report.verdict in FAILURES:
            self.first.setdefault(model, {}).setdefault(report.verdict, report)
        for row in report.rows:
            key = (model, row.parameter, row.oracle)
            self._rows[key] = _merged(self._rows.get(key), model, row, spec)
            for name, column in self.table.items():
                column.append(_cell(name, model, spec, row))

    def progress(self, total: int, model: str) -> Progress:
        """Where a run of `total` cases stands, `model` being at work."""
        return Progress(self.count, total, model, self.failing)

    def close(self, model: str) -> None:
        """No case of this target comes any more: make its profiles and let go of its arrays."""
        self.profiles += self.worst.profiles(model)
        self.worst = Worst()

    def refused(self) -> dict[str, str]:
        """Targets of which the subject declined every case, and the reason it gave."""
        return {
            name: self._reasons[name]
            for name, known in self.known.items()
            if set(known.values()) == {"unsupported"}
        }

    def summaries(self) -> tuple[Summary, ...]:
        """A summary per model, gradient and oracle."""
        return tuple(self._rows.values())


def _cell(name: str, model: str, spec: str, row: Row) -> Any:
    return {"model": model, "spec": spec}[name] if name in ("model", "spec") else getattr(row, name)


def _merged(before: Summary | None, model: str, row: Row, spec: str) -> Summary:
    """A summary with one more row in it."""
    index = row.index
    one = Summary(
        model, row.parameter, row.oracle, 1, row.verdict, row.reason, int(row.decided > 0),
        row.max_abs, row.max_rel, row.max_ulps, row.max_budgets, spec, index,
        row.floor, row.floor_any, row.proven,
    )  # fmt: skip
    if before is None:
        return one
    verdict, reason = _combined(before, one)
    larger = not before.max_budgets >= one.max_budgets  # also where before is NaN
    worse = one if larger and one.max_budgets == one.max_budgets else before
    return replace(
        worse,
        cases=before.cases + 1,
        decided=before.decided + one.decided,
        verdict=verdict,
        reason=reason,
        max_abs=_largest(before.max_abs, one.max_abs),
        max_rel=_largest(before.max_rel, one.max_rel),
        max_ulps=_largest(before.max_ulps, one.max_ulps),
        floor=-_largest(-before.floor, -one.floor),
        floor_any=-_largest(-before.floor_any, -one.floor_any),
        proven=before.proven or one.proven,
    )


def _combined(one: Summary, other: Summary) -> tuple[str, str]:
    """Failures win, then a pass, then whatever says why nothing was decided."""
    order = [*FAILURES, "pass", "inconclusive", "unsupported"]
    chosen = min((one, other), key=lambda s: order.index(s.verdict))
    return chosen.verdict, chosen.reason


def _largest(one: float, other: float) -> float:
    """The maximum that ignores NaN."""
    return other if one != one else one if other != other else max(one, other)


def _supports(subject: Differentiator, target: Target) -> bool:
    supports = getattr(subject, "supports", None)
    return supports is None or bool(supports(target.model))


def _check_target(
    subject: Differentiator, target: Target, plan: Plan, setup: Setup
) -> Iterator[CaseReport]:
    memory = _memory(subject, target, plan)
    drawn = draw_specs(plan.strategy(target), plan.cases, plan.seed, memory)
    for start in range(0, len(drawn), CHUNK):
        chunk = drawn[start : start + CHUNK]
        reports = check_cases(subject, [spec.build() for spec in chunk], setup)
        for spec, report in zip(chunk, reports, strict=True):
            if report.verdict not in FAILURES:
                remember(memory, spec, failing=False)
            yield report


def _memory(subject: Differentiator, target: Target, plan: Plan) -> str:
    """The name under which failing specs are kept for later runs of the same kind."""
    return f"{name_of(subject)} {target.name} {' '.join(sorted(plan.dtypes))}"


def _failures(
    subject: Differentiator, target: Target, plan: Plan, setup: Setup, tally: Tally, before: int
) -> list[Failure]:
    """One failure per kind of verdict that a target met, each on the smallest case found."""
    known = tally.known.get(target.name, {})
    found = tally.first.get(target.name, {})
    if "fail" in found:  # a wrong formula, some of whose errors are as small as rounding
        found = {verdict: first for verdict, first in found.items() if verdict != "imprecise"}
    drawing = Drawing(plan.strategy(target), plan.cases, plan.seed)
    failures: list[Failure] = []
    for first in found.values():
        shrink = before + len(failures) < FULLY_SHRUNK
        failure = failure_of(subject, target.name, setup, first, known, drawing if shrink else None)
        remember(_memory(subject, target, plan), Spec.parse(failure.spec), failing=True)
        rest = tally.unasked.get(target.name, 0)
        if rest and failure.verdict == "error":
            failure = replace(failure, message=with_rest(failure.message, rest))
        failures.append(failure)
    return failures


def _as_found(targets: Sequence[Target], tally: Tally, told: set[str]) -> Iterator[Failure]:
    """Failures of the target at which a run was interrupted; the subject may be what hangs."""
    for target in targets:
        if target.name not in told:
            for first in tally.first.get(target.name, {}).values():
                yield as_found(target.name, first, tally.known.get(target.name, {}))


def _run_verdict(
    tally: Tally, rows: Sequence[Summary], models: Sequence[str], interrupted: bool
) -> str:
    """The worst failure; else pass if every gradient offered was decided somewhere, in every
    model.
    """
    for verdict in FAILURES:
        if tally.verdicts.get(verdict):
            return verdict
    checked = {r.model for r in rows}
    missing = {(r.model, r.parameter) for r in rows if r.reason == NOT_OFFERED}
    offered = {(r.model, r.parameter) for r in rows} - missing
    decided = {(r.model, r.parameter) for r in rows if r.verdict == "pass"}
    complete = bool(models) and checked == set(models) and offered == decided
    return "pass" if complete and not interrupted else "inconclusive"
