"""Many cases: draw, check in chunks, summarise, and explain each failure on its smallest case.

Subject and oracles are arguments. Nothing here prints, knows a path or depends on the order of
cases.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from ..cases.any_target import AnyTarget
from ..cases.design.space import why_outside
from ..cases.recurrences.recurrence import RecurrenceTarget
from ..cases.result import Differentiator, name_of
from ..cases.targets import Target
from ..cases.timing.stage_clock import Stage, StageClock, clock_of_run, timed
from ..cases.written.reproduction import Origin
from ..conventions.own_layout import own_layout
from ..subjects.calling import is_supported
from ..subjects.import_end import end_import
from ..subjects.origin import origin_of
from ..verdicts.verdict import Reason, Verdict, worst
from . import interruption
from .alike import told_once
from .check import Setup
from .cleaning import cleaned
from .earlier.early_cases import EarlyCases
from .effort.progress import Progress
from .effort.stages import stages_of
from .explained import explained_failures, failures_as_found, late_failures
from .found import Found
from .highlights import shown_curves, shown_flows
from .own_arrays import with_own_arrays
from .provenance.environment import environment
from .provenance.provenance import provenance
from .ranking import ranked
from .records import (
    FailureWithCase,
    Run,
    RunWithCases,
    Summary,
    counterexample_name,
)
from .systematic.findings import with_findings, with_shared_errors
from .systematic.model_group import ModelGroup
from .systematic.of_run import (
    floors_of_run,
    look_below_rounding,
    look_in_families,
    screening_for,
)
from .tally import Tally
from .target_cases import Plan, check_target


def verify_plan(
    subject: Differentiator,
    plan: Plan,
    setup: Setup,
    progress: Callable[[Progress], None] | None = None,
    keep_partial: bool = False,
) -> RunWithCases:
    """Check a subject on all cases of a plan.

    With `keep_partial` a KeyboardInterrupt ends the run early, and the run says so; what comes
    after the first one is held back until there is a run.
    """
    with clock_of_run() as clock:
        verified = partial(_verified, subject, plan, setup, progress, keep_partial, clock)
        return interruption.guarded(verified) if keep_partial else verified()


def _verified(
    subject: Differentiator,
    plan: Plan,
    setup: Setup,
    progress: Callable[[Progress], None] | None,
    keep_partial: bool,
    clock: StageClock,
) -> RunWithCases:
    """`verify_plan`, once it is known what an interrupt does."""
    end_import()
    begin, made, interrupted = time.perf_counter(), provenance(), False
    found = Found(screening=screening_for(plan, setup))
    declined = interruption.interruptible(lambda: _declined(subject, plan, setup))
    accepted = [t for t in plan.targets if t.name not in declined]
    work = partial(_check_all, subject, accepted, plan, setup, progress, found, clock)
    if keep_partial:
        interrupted = interruption.ended_early(work)
    else:
        work()
    if interrupted:
        _add_unexplained(subject, accepted, found)
    tally = found.tally
    declined |= tally.refused()
    left_out = tuple(t.name for t in accepted if _is_skipped(t, tally))
    accepted = [t for t in accepted if t.name not in {*declined, *left_out}]
    rows, cases = with_findings(tally.summaries(), found.systematic), _named(found.failures)
    models = [t for t in accepted if isinstance(t, Target)]
    with timed(Stage.CURVES):
        flows = () if interrupted else tuple(shown_flows(models, tally.known))
    run = Run(
        verdict=_run_verdict(found, rows, [t.name for t in accepted], interrupted),
        subject=name_of(subject),
        command="",
        seed=plan.seed,
        environment=environment(),
        provenance=made,
        models=tuple(t.name for t in plan.targets if t.name not in left_out),
        oracles=tuple(o.name for o in setup.oracles),
        cases={str(v): n for v, n in tally.verdicts.items()},
        declined=declined,
        interrupted=interrupted,
        seconds=time.perf_counter() - begin,
        rows=rows,
        failures=tuple(failure.recorded(name) for name, failure in cases.items()),
        flows=flows,
        error_histograms=with_shared_errors(tally.error_histograms.records(), found.systematic),
        worst_entries=tuple(tally.worst_entries),
        taylor=tuple(found.curves),
        **vars(_origin(subject, plan, setup)),
        left_out=left_out,
        covered=tally.coverage.record(plan.within, found.early.asked),
        kinds=tally.kinds(),
        stages=stages_of(clock.seconds),
        quick=plan.quick,
        systematic=tuple(error for _, error in found.systematic),
        systematic_floors=floors_of_run(accepted, found.screening),
    )
    run = cleaned(with_own_arrays(subject, accepted, run))
    return RunWithCases(run, tally.table, {name: f.case for name, f in cases.items()})


def _add_unexplained(subject: Differentiator, accepted: Sequence[AnyTarget], found: Found) -> None:
    """The failures of a run that ended before they were explained, as they were found."""
    told = {(f.model, f.verdict) for f in found.failures}
    found.failures += failures_as_found(subject, accepted, found.tally, told)


def _origin(subject: Differentiator, plan: Plan, setup: Setup) -> Origin:
    """How a new process gets the subject, and what was said of it."""
    origin = replace(origin_of(subject), accuracy=setup.tolerance.accuracy)
    kernels = [t.model.options for t in plan.targets if isinstance(t, RecurrenceTarget)]
    return replace(origin, kernel=kernels[0]) if kernels else origin


def _check_all(
    subject: Differentiator,
    targets: Sequence[AnyTarget],
    plan: Plan,
    setup: Setup,
    progress: Callable[[Progress], None] | None,
    found: Found,
    clock: StageClock,
) -> None:
    """Check every case of every target, and explain what fails; adds to what is found."""
    tally = found.tally
    for target in targets:
        if tally.alike.skips(target.model.cell):
            continue
        clock.target = target.name
        for _ in _tallied(subject, target, plan, setup, found):
            if progress is not None:
                progress(tally.progress(plan.cases * len(targets), target.name))
        told = list(found.failures)
        for failure in explained_failures(subject, target, plan, setup, tally, told):
            found.failures.append(failure)
        look_below_rounding(subject, ModelGroup(target.name, (target,)), plan, setup, found)
        _close(subject, target, tally, found.early)
    found.failures += late_failures(subject, setup, found)
    models = [target for target in targets if isinstance(target, Target)]
    look_in_families(subject, models, plan, setup, found)
    if not setup.thorough:
        return
    with timed(Stage.CURVES):
        found.curves += shown_curves(subject, models, tally.known, setup.timeout)


def _close(subject: Differentiator, target: AnyTarget, tally: Tally, early: EarlyCases) -> None:
    """Let go of the arrays of a target of which no case comes any more."""
    own = own_layout(subject, target.model) if isinstance(target, Target) else None
    tally.close(target.name, own)
    early.drop(target.name)


def _is_skipped(target: AnyTarget, tally: Tally) -> bool:
    """Whether nothing of a target was asked after the same error in others."""
    return target.name not in tally.alike.targets and tally.alike.skips(target.model.cell)


def _named(failures: Sequence[FailureWithCase]) -> dict[str, FailureWithCase]:
    """The failures in the order of a report, by the names of the files of their cases."""
    ordered = told_once(ranked(failures))
    return {counterexample_name(n, f.model, f.verdict): f for n, f in enumerate(ordered)}


def _declined(subject: Differentiator, plan: Plan, setup: Setup) -> dict[str, str]:
    """Targets of which nothing is asked, and why."""
    return {t.name: why for t in plan.targets if (why := _why_not(subject, t, plan, setup))}


def _why_not(subject: Differentiator, target: AnyTarget, plan: Plan, setup: Setup) -> str:
    """Why nothing of a target is asked; empty if something is."""
    if isinstance(target, RecurrenceTarget):
        return ""
    with timed(Stage.SUBJECT):
        if not is_supported(subject, target.model, setup.timeout):
            return "supports() says no"
    return why_outside(target, plan.within)


def _tallied(
    subject: Differentiator,
    target: AnyTarget,
    plan: Plan,
    setup: Setup,
    found: Found,
) -> Iterator[None]:
    """Check every case of a target and add it up, one a step; then the first ones again."""
    tally = found.tally
    with timed(Stage.DRAWING):
        tally.coverage.begin(plan.design(target))
    for drawn, report in check_target(subject, target, plan, setup):
        found.add(target.name, drawn, report)
        yield
        if tally.alike.left_out(target.name):
            return
    for report in found.early.ask_again(subject, target.name, setup, tally.count):
        found.revise(target.name, report)


def _run_verdict(
    found: Found, rows: Sequence[Summary], models: Sequence[str], interrupted: bool
) -> Verdict:
    """The worst failure; else pass if every gradient offered was decided somewhere, in every
    model, and of no model only few cases.
    """
    tally = found.tally
    failing = [v for v in tally.verdicts if v.failing]
    failing += [error.verdict for _, error in found.systematic]
    if failing:
        return worst(failing)
    checked = {r.model for r in rows}
    offered = {(r.model, r.parameter) for r in rows if r.reason_kind is not Reason.NOT_OFFERED}
    decided = {(r.model, r.parameter) for r in rows if r.verdict == Verdict.PASS}
    complete = bool(models) and checked == set(models) and offered == decided
    if not complete or interrupted or any(map(tally.coverage.few_decided, models)):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS
