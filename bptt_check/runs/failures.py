"""From the failing cases of a target to a `FailureWithCase`: smallest case, message, diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ..cases.any_case import AnyCase, AnySpec
from ..cases.any_target import AnyDesign
from ..cases.case import Spec
from ..cases.design.design import Design
from ..cases.follow_up import FollowUpKind, every_call
from ..cases.message import Message
from ..cases.recurrences.design import RecurrenceDesign
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import Differentiator
from ..cases.timing.stage_clock import Stage, timed
from ..conventions.own_names import own_arrays, own_parameters
from ..diagnosis.finding import Finding
from ..own_loss.first_difference import where_it_differs
from ..own_loss.of_subject import own_derivative
from ..subjects.calling import call_once
from ..subjects.import_end import end_import
from ..subjects.remote import Calls
from ..verdicts.case_kind import CaseEnd
from ..verdicts.case_report import CaseReport
from ..verdicts.cause import WrongFollowUp, WrongGradient, WrongLoss, WrongOutputs
from . import run_sentences
from .alike import ending_of
from .check import Setup, check_case, explainable
from .counterexample_test import pasted_test
from .diagnosed.structural import STRUCTURAL, calls_of_kinds
from .diagnosed.told_findings import with_diagnosis
from .diagnosed.what_is_wrong import what_is_wrong
from .effort.quick import QUICK_TRIES
from .errors.compared_arrays import compared_arrays
from .own_arrays import in_own_arrays, in_own_names, layout_of
from .records import FailureWithCase, readable
from .recurrences.explained import finding_of_answers, findings_of_recurrence, with_own_forward
from .recurrences.pasted import pasted_recurrence_test
from .recurrences.smallest import is_right_at_sight, smallest_recurrence
from .shrink import shrink_spec, simplify


def failure_of(
    subject: Differentiator,
    name: str,
    setup: Setup,
    first: CaseReport,
    known: Mapping[AnySpec, CaseEnd],
    design: AnyDesign | None,
    notes: Iterable[str] = (),
) -> FailureWithCase:
    """The failure of which `first` was the first case.

    Args:
        name: of the target.
        known: in which way every spec ended that was checked.
        design: of which the specs are, to shrink the failing one; None leaves it as it is.
        notes: further lines of the message.
    """

    if _needs_the_run(first):  # what it would say now is another question
        return as_found(name, subject, first, known)

    cheaper = replace(setup, one_oracle=True)

    def shows_it(report: CaseReport) -> bool:
        return report.end == first.end

    def fails(candidate: AnyCase) -> bool:
        if _is_right_at_sight(subject, setup, first, candidate):
            return False
        return shows_it(check_case(subject, candidate, cheaper, calls_like(first, candidate)))

    case = simplest = first.case
    same = {spec: end == first.end for spec, end in known.items()}
    if design is not None:
        most = {} if setup.thorough else {"most": QUICK_TRIES}
        with timed(Stage.SHRINKING):
            case = _smallest(case, same, fails, design, most)
            simplest = _simplest(case, fails, most)
    with timed(Stage.DIAGNOSIS):
        detailed = check_in_detail(subject, case, setup)
        report = detailed if shows_it(detailed) else explainable(subject, first)
        if isinstance(case, RecurrenceCase):
            report, passes_with = with_own_forward(subject, report), ""
            findings = _findings_of_kernel(subject, report, known, first, cheaper)
        else:
            passes_with, findings = what_is_wrong(subject, setup, report, known, design)
    own, plain = report.own, _message(report, passes_with)
    message = with_diagnosis(plain, own, findings).with_lines(notes)
    return FailureWithCase(
        verdict=first.verdict,
        model=name,
        parameter=report.parameter,
        message=str(message),
        reproduction=message.reproduction,
        spec=report.spec,
        cases=sum(same.values()),
        first_spec=first.spec,
        case=simplest,
        diagnoses=tuple(own.told(finding.sentence) for finding in findings),
        findings=tuple(in_own_names(finding, own) for finding in findings),
        test_code=_test_code(subject, simplest, report),
        passes_with=passes_with,
        own_arrays=_readable_own(subject, simplest),
        ending=ending_of(first),
        kind=first.end.kind,
        without_diagnosis=str(plain.with_lines(notes)),
        compared=compared_arrays(report, layout_of(subject, report.case)),
    )


def _findings_of_kernel(
    subject: Differentiator,
    report: CaseReport,
    known: Mapping[AnySpec, CaseEnd],
    first: CaseReport,
    cheaper: Setup,
) -> tuple[Finding, ...]:
    """What is found out about a kernel beside the recurrence that defines it."""
    return finding_of_answers(subject, report) + findings_of_recurrence(
        report, known, first.end, lambda other: check_case(subject, other, cheaper)
    )


def _is_right_at_sight(
    subject: Differentiator, setup: Setup, first: CaseReport, case: AnyCase
) -> bool:
    """Whether a kernel whose results were wrong has a case right, asked once; costs a hundredth of
    what it takes to know how rounding grows in it.
    """
    wrong = isinstance(first.cause, WrongGradient | WrongOutputs)
    if not wrong or not isinstance(case, RecurrenceCase):
        return False
    return is_right_at_sight(case, call_once(subject, case, setup.timeout).result)


def _smallest(
    case: AnyCase,
    same: Mapping[AnySpec, bool],
    fails: Callable[[AnyCase], bool],
    design: AnyDesign,
    most: Mapping[str, int],
) -> AnyCase:
    """The smallest case that is found that still fails."""
    if isinstance(case, RecurrenceCase):
        if not isinstance(design, RecurrenceDesign):
            return case
        return smallest_recurrence(case, same, fails, design, **most)
    if case.spec is None or not isinstance(design, Design):
        return case
    known = {spec: failed for spec, failed in same.items() if isinstance(spec, Spec)}
    return shrink_spec(case.spec, known, fails, design.contains, **most).build()


def _simplest(case: AnyCase, fails: Callable[[AnyCase], bool], most: Mapping[str, int]) -> AnyCase:
    """A case with plainer numbers; of a recurrence itself, whose inputs may have only some."""
    return case if isinstance(case, RecurrenceCase) else simplify(case, fails, **most)


def _test_code(subject: Differentiator, case: AnyCase, report: CaseReport) -> str:
    """A test of a case that can be pasted."""
    if isinstance(case, RecurrenceCase):
        return pasted_recurrence_test(case)
    return pasted_test(case, report.origin, own_parameters(subject, case))


def _readable_own(subject: Differentiator, case: AnyCase) -> dict[str, str]:
    """The arrays of a small case as the subject has them."""
    return {} if isinstance(case, RecurrenceCase) else readable(own_arrays(subject, case))


def _message(report: CaseReport, passes_with: str) -> Message:
    """The explanation of a case, and with which initial states others pass."""
    message = report.explanation
    if passes_with:
        message = message.with_lines([run_sentences.passes_within(passes_with)])
    return message


MOST_ALIKE = 8
"""Calls of one kind that are made about each of the cases among which the smallest is sought."""


def calls_like(first: CaseReport, case: AnyCase) -> Calls:
    """The further calls that show on a case what they showed on another."""
    if not isinstance(first.cause, WrongFollowUp):
        return calls_of_kinds(case, STRUCTURAL)
    if first.cause.call.kind is FollowUpKind.AFTER_OTHERS:
        return every_call(case)
    alike = calls_of_kinds(case, [first.cause.call.kind])
    same = [call for call in alike if call == first.cause.call]
    return [*calls_of_kinds(case, STRUCTURAL), *(same or alike[:MOST_ALIKE])]


def _needs_the_run(report: CaseReport) -> bool:
    """Whether a case was wrong only after the others of a run."""
    cause = report.cause
    return isinstance(cause, WrongFollowUp) and cause.call.kind is FollowUpKind.AT_THE_END


def check_in_detail(subject: Differentiator, case: AnyCase, setup: Setup) -> CaseReport:
    """Check a subject on one case; where its loss is wrong, ask what the loss is the loss of."""
    end_import()
    report = check_case(subject, case, setup)
    if report.passed:
        return in_own_arrays(subject, report)
    report = explainable(subject, report)
    cause, evidence = report.cause, report.evidence
    if not isinstance(cause, WrongLoss) or evidence is None or isinstance(case, RecurrenceCase):
        return report
    result, limit = evidence.result, setup.timeout
    own = "" if cause.right_gradients else own_derivative(subject, case, result, limit)
    where = where_it_differs(subject, case, result, evidence.plain, limit)
    return replace(report, cause=replace(cause, first_difference=where, own_derivative=own))


def as_found(
    name: str, subject: Differentiator, first: CaseReport, known: Mapping[AnySpec, CaseEnd]
) -> FailureWithCase:
    """The failure of which `first` was the first case, without asking the subject anything more."""
    first = explainable(subject, first)
    return FailureWithCase(
        verdict=first.verdict,
        model=name,
        parameter=first.parameter,
        message=first.message,
        reproduction=first.explanation.reproduction,
        spec=first.spec,
        cases=sum(end == first.end for end in known.values()),
        first_spec=first.spec,
        case=first.case,
        ending=ending_of(first),
        kind=first.end.kind,
    )
