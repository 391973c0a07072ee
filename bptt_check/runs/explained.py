"""Which failures of a run are explained, and how far: those of a target, late ones, and those that
an interrupted run has not come to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ..cases.any_target import AnyTarget, spec_of
from ..cases.result import Differentiator
from ..verdicts.case_kind import CaseKind
from ..verdicts.case_report import CaseReport
from ..verdicts.verdict import Verdict
from . import run_sentences
from .alike import ending_of
from .check import Setup
from .earlier.failed_before import remember
from .failures import as_found, failure_of
from .found import Found
from .records import FailureWithCase
from .tally import Tally
from .target_cases import Plan, memory_of

FULLY_SHRUNK = 5
"""Models whose failure is shrunk; a subject that is wrong everywhere would otherwise take
minutes.
"""


def explained_failures(
    subject: Differentiator,
    target: AnyTarget,
    plan: Plan,
    setup: Setup,
    tally: Tally,
    told: Sequence[FailureWithCase],
) -> Iterator[FailureWithCase]:
    """One failure per kind of verdict that a target met, each on the smallest case found, unless
    one that was told before has the same error.
    """
    known, firsts = tally.ends.get(target.name, {}), _to_tell(tally, target)
    design = plan.design(target)
    for number, first in enumerate(firsts.values(), len(told)):
        ending = ending_of(first)
        same = ending is not None and any(f.ending == ending for f in told)
        lost = first.end.kind is CaseKind.TRAINING_STEP and setup.lost.given_up
        shrink = not (same or lost) and number < FULLY_SHRUNK
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
        remember(memory_of(subject, target, plan), spec_of(target, failure.spec), failing=True)
        further = _explained_further(first, target, plan, tally)
        yield replace(failure, explains_further=further)


def _to_tell(tally: Tally, target: AnyTarget) -> dict[Verdict, CaseReport]:
    """The first failure of each verdict; of a wrong formula some errors are as small as rounding,
    and are not told beside it.
    """
    firsts = tally.told(target.name)
    beside = {Verdict.IMPRECISE} if Verdict.FAIL in firsts else set[Verdict]()
    return {verdict: first for verdict, first in firsts.items() if verdict not in beside}


def _explained_further(first: CaseReport, target: AnyTarget, plan: Plan, tally: Tally) -> int:
    """How many cases of a target a failure explains that did not fail so."""
    if first.verdict == Verdict.FAIL:
        return sum(e.verdict == Verdict.IMPRECISE for e in tally.ends[target.name].values())
    if ending_of(first) is None:
        return 0
    if tally.alike.left_out(target.name):
        return max(0, plan.cases - tally.alike.count(target.name))
    return tally.not_called.get(target.name, 0)


def _not_asked(target: AnyTarget, plan: Plan, tally: Tally) -> Iterator[str]:
    """Lines that say what of a run was left out after errors."""
    if cases := tally.not_called.get(target.name, 0):
        yield run_sentences.not_tried(cases)
    elif tally.alike.left_out(target.name):
        yield run_sentences.left_out(plan.cases - tally.alike.count(target.name))


def late_failures(subject: Differentiator, setup: Setup, found: Found) -> Iterator[FailureWithCase]:
    """Failures of the first cases of a run that are wrong only after those of other targets."""
    tally, target = found.tally, found.early.first_target
    known, told = tally.ends.get(target, {}), set(tally.first.get(target, {}))
    if len(tally.ends) < 2:
        return
    for report in found.early.ask_again(subject, target, setup, tally.count):
        found.revise(target, report)
    late = [r for end, r in tally.first.get(target, {}).items() if end not in told]
    for report in late:
        yield failure_of(subject, target, setup, report, known, None)


def failures_as_found(
    subject: Differentiator,
    targets: Sequence[AnyTarget],
    tally: Tally,
    told: Collection[tuple[str, Verdict]],
) -> Iterator[FailureWithCase]:
    """Failures that an interrupted run has not come to explain; the subject may be what hangs."""
    for target in targets:
        for verdict, first in _to_tell(tally, target).items():
            if (target.name, verdict) not in told:
                yield as_found(target.name, subject, first, tally.ends.get(target.name, {}))
