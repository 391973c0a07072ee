"""What is wrong with a model that fails: the mistake that explains its cases, and what passes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...cases.any_case import AnySpec
from ...cases.any_target import AnyDesign
from ...cases.case import Case, Spec
from ...cases.design.design import Design
from ...cases.result import Differentiator
from ...diagnosis import FailureSample, diagnose, diagnose_breach, diagnose_lost_digits
from ...diagnosis.finding import Finding
from ...verdicts.case_kind import CaseEnd
from ...verdicts.case_report import CaseReport
from ...verdicts.cause import WrongFollowUp, WrongGradient, WrongLoss
from ...verdicts.training_step import DEFINITIONS
from ...verdicts.verdict import Verdict
from ..check import Setup, check_case
from .initial_states import passing_initial_state
from .structural import STRUCTURAL, calls_of_kinds

FRESH = 24
"""Specs drawn anew, on which a condition may be tried."""

SEARCHES = {
    Verdict.FAIL: diagnose,
    Verdict.IMPRECISE: diagnose_lost_digits,
    Verdict.CONTRACT: diagnose_breach,
}
"""Verdict to what looks for the mistake that it is due to."""


def what_is_wrong(
    subject: Differentiator,
    setup: Setup,
    report: CaseReport,
    known: Mapping[AnySpec, CaseEnd],
    design: AnyDesign | None,
) -> tuple[str, tuple[Finding, ...]]:
    """With which initial state a model passes that fails on a case, and what is wrong with it."""
    of_models = {spec: end for spec, end in known.items() if isinstance(spec, Spec)}
    same = {spec: end == report.end for spec, end in of_models.items()}
    drawn = design if isinstance(design, Design) else None
    passes_with = ""
    if drawn is not None and report.verdict == Verdict.FAIL:
        passes_with = passing_initial_state(subject, setup, report, same)
    if not setup.thorough or not _may_be_diagnosed(report, passes_with):
        return passes_with, ()
    cheaper, case = replace(setup, one_oracle=True), report.case
    sample = _sample(subject, cheaper, of_models, report.verdict, drawn)
    sample = sample.with_failing(*([case] if isinstance(case, Case) else []))
    findings = SEARCHES[report.verdict](subject, sample, setup.timeout)
    if _approximates(report):
        findings = tuple(f for f in findings if f.confidence != "hint")
    return passes_with, findings


def findings_of_case(
    subject: Differentiator, setup: Setup, report: CaseReport
) -> tuple[Finding, ...]:
    """What is wrong with a subject, as far as one case that fails tells."""
    if not report.verdict.failing or not isinstance(report.case, Case):
        return ()
    return what_is_wrong(subject, setup, report, {}, None)[1]


def _approximates(report: CaseReport) -> bool:
    """Whether errors are small all over: then there is no step at which they begin."""
    cause = report.cause
    return isinstance(cause, WrongLoss | WrongGradient) and cause.approximation > 0


def _may_be_diagnosed(report: CaseReport, passes_with: str) -> bool:
    """Whether a case is wrong in a way that is looked for, and not yet explained."""
    cause = report.cause
    explained = bool(passes_with) and isinstance(cause, WrongLoss)
    single = report.parameter not in DEFINITIONS and not isinstance(cause, WrongFollowUp)
    return report.verdict in SEARCHES and single and not explained


def _sample(
    subject: Differentiator,
    setup: Setup,
    known: Mapping[Spec, CaseEnd],
    verdict: Verdict,
    design: Design | None,
) -> FailureSample:
    """What a run found out about a target, and how to find out more."""

    def fails(spec: Spec) -> bool | None:
        case = spec.build()
        checked = check_case(subject, case, setup, calls_of_kinds(case, STRUCTURAL)).verdict
        return {verdict: True, Verdict.PASS: False}.get(checked)

    failing = [spec for spec, end in known.items() if end.verdict == verdict]
    passing = [spec for spec, end in known.items() if end.verdict == Verdict.PASS]
    fresh = functools.cache(functools.partial(_fresh, failing, passing, design))
    return FailureSample(failing, passing, fails, fresh)


def _fresh(
    failing: Sequence[Spec], passing: Sequence[Spec], design: Design | None
) -> Sequence[Spec]:
    """Specs that the run has not seen: later ones of its design, and its own with other numbers."""
    if design is None:
        return ()
    seen = {*failing, *passing}
    again = [replace(s, seed=s.seed + 1) for s in (*failing[:FRESH], *passing[:FRESH])]
    later = design.specs(FRESH, start=len(seen))
    return [spec for spec in dict.fromkeys([*later, *again]) if spec not in seen]
