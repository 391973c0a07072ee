"""Many cases: draw, check in chunks, summarise, and explain each failure on its smallest case.

Subject and oracles are arguments. Nothing here prints, knows a path or depends on the order of
cases.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..cases.case import Spec
from ..cases.design.space import why_outside
from ..cases.result import Differentiator, name_of
from ..cases.targets import Target
from ..conventions.own_layout import own_layout
from ..own_loss.taylor_curve import TaylorCurve
from ..subjects.import_end import end_import
from ..subjects.origin import origin_of
from ..verdicts.case_kind import CaseKind
from ..verdicts.case_report import CaseReport
from ..verdicts.verdict import Reason, Verdict, worst
from . import run_sentences
from .alike import ending_of, told_once
from .check import Setup
from .cleaning import cleaned
from .early_cases import EarlyCases
from .failed_before import remember
from .failures import as_found, failure_of
from .highlights import shown_curves, shown_flows
from .own_arrays import with_own_arrays
from .ranking import ranked
from .records import (
    FailureWithCase,
    Progress,
    Run,
    RunWithCases,
    Summary,
    counterexample_name,
    environment,
)
from .tally import Tally
from .target_cases import Plan, check_target, memory_of

FULLY_SHRUNK = 5
"""Models whose failure is shrunk; a subject that is wrong everywhere would otherwise take
minutes.
"""


def verify_plan(
    subject: Differentiator,
    plan: Plan,
    setup: Setup,
    progress: Callable[[Progress], None] | None = None,
    keep_partial: bool = False,
) -> RunWithCases:
    """Check a subject on all cases of a plan.

    With `keep_partial` a KeyboardInterrupt ends the run early, and the run says so.
    """
    end_import()
    begin, tally, early, interrupted = time.perf_counter(), Tally(), EarlyCases(), False
    declined = {t.name: why for t in plan.targets if (why := _why_not(subject, t, plan))}
    accepted = [t for t in plan.targets if t.name not in declined]
    failures, curves = list[FailureWithCase](), list[TaylorCurve]()
    try:
        for target in accepted:
            if tally.alike.skips(target.model.cell):
                continue
            for _ in _tallied(subject, target, plan, setup, tally, early):
                if progress is not None:
                    progress(tally.progress(plan.cases * len(accepted), target.name))
            failures += _failures(subject, target, plan, setup, tally, failures)
            _close(subject, target, tally, early)
        failures += _late_failures(subject, setup, early, tally)
        curves += shown_curves(subject, accepted, tally.known, setup.timeout)
    except KeyboardInterrupt:
        if not keep_partial:
            raise
        interrupted = True
        failures += _as_found(subject, accepted, tally, {f.model for f in failures})
    declined |= tally.refused()
    left_out = tuple(t.name for t in accepted if _is_skipped(t, tally))
    accepted = [t for t in accepted if t.name not in {*declined, *left_out}]
    rows, cases = tally.summaries(), _named(failures)
    run = Run(
        verdict=_run_verdict(tally, rows, [t.name for t in accepted], interrupted),
        subject=name_of(subject),
        command="",
        seed=plan.seed,
        environment=environment(),
        models=tuple(t.name for t in plan.targets if t.name not in left_out),
        oracles=tuple(o.name for o in setup.oracles),
        cases={str(v): n for v, n in tally.verdicts.items()},
        declined=declined,
        interrupted=interrupted,
        seconds=time.perf_counter() - begin,
        rows=rows,
        failures=tuple(failure.recorded(name) for name, failure in cases.items()),
        flows=tuple(shown_flows(accepted, tally.known)),
        error_histograms=tally.error_histograms.records(),
        worst_entries=tuple(tally.worst_entries),
        taylor=tuple(curves),
        **vars(replace(origin_of(subject), accuracy=setup.tolerance.accuracy)),
        left_out=left_out,
        covered=tally.coverage.record(plan.within, early.asked),
        kinds=tally.kinds(),
    )
    run = cleaned(with_own_arrays(subject, accepted, run))
    return RunWithCases(run, tally.table, {name: f.case for name, f in cases.items()})


def _close(subject: Differentiator, target: Target, tally: Tally, early: EarlyCases) -> None:
    """Let go of the arrays of a target of which no case comes any more."""
    tally.close(target.name, own_layout(subject, target.model))
    early.drop(target.name)


def _is_skipped(target: Target, tally: Tally) -> bool:
    """Whether nothing of a target was asked after the same error in others."""
    return target.name not in tally.alike.targets and tally.alike.skips(target.model.cell)


def _named(failures: Sequence[FailureWithCase]) -> dict[str, FailureWithCase]:
    """The failures in the order of a report, by the names of the files of their cases."""
    ordered = told_once(ranked(failures))
    return {counterexample_name(n, f.model, f.verdict): f for n, f in enumerate(ordered)}


def _why_not(subject: Differentiator, target: Target, plan: Plan) -> str:
    """Why nothing of a target is asked; empty if something is."""
    supports = getattr(subject, "supports", None)
    if supports is not None and not supports(target.model):
        return "supports() says no"
    return why_outside(target, plan.within)


def _tallied(
    subject: Differentiator,
    target: Target,
    plan: Plan,
    setup: Setup,
    tally: Tally,
    early: EarlyCases,
) -> Iterator[None]:
    """Check every case of a target and add it up, one a step; then the first ones again."""
    tally.coverage.begin(plan.design(target))
    for drawn, report in check_target(subject, target, plan, setup):
        tally.add(target.name, report)
        tally.coverage.add(target.name, drawn, report)
        early.add(target.name, report, tally.count)
        yield
        if tally.alike.left_out(target.name):
            return
    for report in early.ask_again(subject, target.name, setup, tally.count):
        tally.revise(target.name, report)


def _failures(
    subject: Differentiator,
    target: Target,
    plan: Plan,
    setup: Setup,
    tally: Tally,
    told: Sequence[FailureWithCase],
) -> list[FailureWithCase]:
    """One failure per kind of verdict that a target met, each on the smallest case found, unless
    one that was told before has the same error.
    """
    known, firsts = tally.ends.get(target.name, {}), tally.told(target.name)
    if Verdict.FAIL in firsts:  # a wrong formula, some of whose errors are as small as rounding
        firsts = {
            verdict: first for verdict, first in firsts.items() if verdict != Verdict.IMPRECISE
        }
    design = plan.design(target)
    failures: list[FailureWithCase] = []
    for first in firsts.values():
        ending = ending_of(first)
        same = ending is not None and any(f.ending == ending for f in told)
        lost = first.end.kind is CaseKind.TRAINING_STEP and setup.lost.given_up
        shrink = not (same or lost) and len(told) + len(failures) < FULLY_SHRUNK
        failure = failure_of(
            subject,
            target.name,
            setup,
            first,
            known,
            design if shrink else None,
            [
                *(() if ending is None else _not_asked(target, plan, tally)),
                *map(run_sentences.not_called, setup.lost.given_up),
            ],
        )
        remember(memory_of(subject, target, plan), Spec.parse(failure.spec), failing=True)
        further = _explained_further(first, target, plan, tally)
        failures.append(replace(failure, explains_further=further))
    return failures


def _explained_further(first: CaseReport, target: Target, plan: Plan, tally: Tally) -> int:
    """How many cases of a target a failure explains that did not fail so."""
    if first.verdict == Verdict.FAIL:
        return sum(e.verdict == Verdict.IMPRECISE for e in tally.ends[target.name].values())
    if ending_of(first) is None:
        return 0
    if tally.alike.left_out(target.name):
        return max(0, plan.cases - tally.alike.count(target.name))
    return tally.not_called.get(target.name, 0)


def _not_asked(target: Target, plan: Plan, tally: Tally) -> Iterator[str]:
    """Lines that say what of a run was left out after errors."""
    if cases := tally.not_called.get(target.name, 0):
        yield run_sentences.not_tried(cases)
    elif tally.alike.left_out(target.name):
        yield run_sentences.left_out(plan.cases - tally.alike.count(target.name))


def _late_failures(
    subject: Differentiator, setup: Setup, early: EarlyCases, tally: Tally
) -> list[FailureWithCase]:
    """Failures of the first cases of a run that are wrong only after those of other targets."""
    target = early.first_target
    known, told = tally.ends.get(target, {}), set(tally.first.get(target, {}))
    if len(tally.ends) < 2:
        return []
    for report in early.ask_again(subject, target, setup, tally.count):
        tally.revise(target, report)
    late = [r for end, r in tally.first.get(target, {}).items() if end not in told]
    return [failure_of(subject, target, setup, report, known, None) for report in late]


def _as_found(
    subject: Differentiator, targets: Sequence[Target], tally: Tally, told: set[str]
) -> Iterator[FailureWithCase]:
    """Failures of the target at which a run was interrupted; the subject may be what hangs."""
    for target in targets:
        if target.name not in told:
            for first in tally.told(target.name).values():
                yield as_found(target.name, subject, first, tally.ends.get(target.name, {}))


def _run_verdict(
    tally: Tally, rows: Sequence[Summary], models: Sequence[str], interrupted: bool
) -> Verdict:
    """The worst failure; else pass if every gradient offered was decided somewhere, in every
    model, and of no model only few cases.
    """
    failing = [v for v in tally.verdicts if v.failing]
    if failing:
        return worst(failing)
    checked = {r.model for r in rows}
    offered = {(r.model, r.parameter) for r in rows if r.reason_kind is not Reason.NOT_OFFERED}
    decided = {(r.model, r.parameter) for r in rows if r.verdict == Verdict.PASS}
    complete = bool(models) and checked == set(models) and offered == decided
    if not complete or interrupted or any(map(tally.coverage.few_decided, models)):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS
