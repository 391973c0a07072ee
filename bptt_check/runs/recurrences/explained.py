"""What is found out about a failing recurrence: where it is wrong, when, and in which dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ...cases.any_case import AnySpec
from ...cases.recurrences.recurrence import RecurrenceCase, RecurrenceSpec
from ...cases.result import Differentiator
from ...diagnosis.finding import Finding
from ...verdicts.case_kind import CaseEnd
from ...verdicts.case_report import CaseReport
from ...verdicts.cause import ContractBroken, WrongOutputs
from ...verdicts.contract.breaches import TwoAnswers
from ...verdicts.verdict import Verdict
from .answers import answers_text, answers_to
from .condition import SizeRule, rule_of
from .own_forward import is_own_derivative
from .places import Place, SameFactor, WrongRange, ZeroGradient, sharpest_difference, wrong_places
from .smallest import input_numbers

MOST = 4
"""Findings of a failure."""
CLOSE = 1e-5
"""Distance of a factor from 1 that six digits do not show."""


def findings_of_recurrence(
    report: CaseReport,
    known: Mapping[AnySpec, CaseEnd],
    end: CaseEnd,
    check: Callable[[RecurrenceCase], CaseReport],
) -> tuple[Finding, ...]:
    """What there is to say of a case that fails, beside what its message has.

    Args:
        report: of the smallest case.
        known: in which way every spec ended that was checked.
        end: of those that failed in the same way.
        check: asks about another case.
    """
    specs = {s: e for s, e in known.items() if isinstance(s, RecurrenceSpec)}
    failing = [spec for spec, e in specs.items() if e == end]
    if isinstance(smallest := report.case.spec, RecurrenceSpec):
        failing = list(dict.fromkeys([*failing, smallest]))
    passing = [spec for spec, e in specs.items() if e.verdict == Verdict.PASS]
    rule = rule_of(failing, passing)
    places = [*_places(report)]
    if not places and failing:  # what many entries have in common does not show in a few
        places = [*_places(check(max(failing, key=input_numbers).build()))]
    found = [_finding(place, len(failing)) for place in places[:MOST]]
    if rule is None:
        return tuple(found)
    condition = Finding(
        f"only when {rule_text(rule)} ({len(failing)} cases that fail, {len(passing)} that pass)",
        "likely",
        cases=len(failing),
        condition=rule_text(rule),
    )
    return (condition, *found)


def finding_of_answers(subject: Differentiator, report: CaseReport) -> tuple[Finding, ...]:
    """How many answers a kernel gives to a case to which it gave two."""
    case, cause = report.case, report.cause
    if not isinstance(case, RecurrenceCase) or not isinstance(cause, ContractBroken):
        return ()
    if not any(isinstance(breach, TwoAnswers) for breach in cause.breaches):
        return ()
    answers = answers_to(subject, case)
    return () if answers is None else (Finding(answers_text(answers), "likely"),)


RIGHT_FOR_ITSELF = "your gradients are right for your own forward: they are its derivative"
WRONG_FOR_ITSELF = "your gradients are not the derivative of your own outputs, either"


def with_own_forward(subject: Differentiator, report: CaseReport) -> CaseReport:
    """A report of wrong outputs with whether the gradients are the derivative of these."""
    case, cause = report.case, report.cause
    if not isinstance(case, RecurrenceCase) or not isinstance(cause, WrongOutputs):
        return report
    if cause.right_gradients:
        return report
    told = {True: RIGHT_FOR_ITSELF, False: WRONG_FOR_ITSELF, None: ""}
    own = told[is_own_derivative(subject, case)]
    return replace(report, cause=replace(cause, own_derivative=own))


def _places(report: CaseReport) -> Iterator[Place]:
    """Where the arrays of a case are wrong, the farthest off first."""
    case, evidence = report.case, report.evidence
    if evidence is None or not isinstance(case, RecurrenceCase) or report.verdict != Verdict.FAIL:
        return  # of lost digits it is chance in which entries they are lost
    rows = [r for r in report.rows if r.verdict == report.verdict and not r.directions]
    worst_first = [r.parameter for r in sorted(rows, key=lambda r: -r.max_budgets)]
    for name in dict.fromkeys(worst_first):  # of which every oracle has a row
        if (measured := sharpest_difference(name, evidence)) is not None:
            yield from wrong_places(name, _axes(case, name), *measured)


def _axes(case: RecurrenceCase, name: str) -> tuple[str, ...]:
    """What each axis of an input runs over; of an output its number, and time."""
    values = case.model.inputs.values.get(name)
    if values is not None:
        return values.shape
    output = case.expected_outputs[name]
    time, steps = case.time_axis_of(name), case.model.inputs.time or ""
    return tuple(steps if axis == time else f"axis {axis}" for axis in range(output.ndim))


def _finding(place: Place, cases: int) -> Finding:
    return Finding(place_text(place), "hint", parameters=(place.name,), cases=cases)


def place_text(place: Place) -> str:
    """Where something is wrong, in words."""
    match place:
        case ZeroGradient():
            return f"{place.name} is zero everywhere"
        case SameFactor():
            times = _factor_text(place.factor)
            return f"{place.name} is {times} times what it should be, in every entry"
        case WrongRange(first=first, last=last):
            at = f"{first}" if first == last else f"{first} to {last}"
            return f"{place.name} is wrong only at {place.axis} = {at}, of 0 to {place.length - 1}"


def _factor_text(factor: float) -> str:
    """A factor; of one beside 1 what it has beyond."""
    off = factor - 1.0
    sign = "+" if off > 0.0 else "-"
    return f"{factor:.6g}" if abs(off) > CLOSE else f"(1 {sign} {abs(off):.2g})"


def rule_text(rule: SizeRule) -> str:
    """A rule in words."""
    return f"{rule.name} {rule.relation} {rule.value}"
