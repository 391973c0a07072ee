"""From the failing cases of a target to a `Failure`: smallest case, message, diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from . import explain
from .case import Case, Differentiator, Spec
from .clipped_in_loop import clipped_in_loop
from .conventions.declaring import in_own_names
from .judgement import Setup, check_case
from .records import CaseReport, Failure
from .shrink import Drawing, shrink_spec, simplify
from .signatures import signature
from .training_step import DEFINITIONS
from .which_convention import which_convention
from .which_truncation import which_truncation

TELLING = 4
"""Failing cases on which a diagnosis must hold: the longest, which tell most mistakes apart."""


def failure_of(
    subject: Differentiator,
    name: str,
    setup: Setup,
    first: CaseReport,
    known: Mapping[Spec, str],
    drawing: Drawing | None,
) -> Failure:
    """The failure of which `first` was the first case.

    Args:
        name: of the target.
        known: the verdict of every spec that was checked.
        drawing: how the specs were drawn, to shrink the failing one; None leaves it as it is.
    """

    def shows_it(report: CaseReport) -> bool:
        return report.verdict == first.verdict and report.asked

    def fails(candidate: Case) -> bool:
        return shows_it(check_case(subject, candidate, setup))

    case = simplest = first.case
    same = {spec: verdict == first.verdict for spec, verdict in known.items()}
    if drawing is not None:
        spec = shrink_spec(drawing, same, fails)
        case = case if spec is None else spec.build()
        simplest = simplify(case, fails)
    detailed = check_case(subject, case, setup, detail=True)
    report = detailed if shows_it(detailed) else first
    is_gradient = first.verdict == "fail" and report.parameter not in DEFINITIONS
    failing = [spec for spec, failed in same.items() if failed]
    found = tuple(_diagnoses(subject, failing)) if is_gradient else ()
    own_names = in_own_names(subject, case.model, report.parameter)
    message = explain.with_line(report.message, own_names)
    for sentence in found:
        message = explain.with_diagnosis(message, sentence)
    return Failure(
        verdict=first.verdict,
        model=name,
        parameter=report.parameter,
        message=message,
        spec=report.spec,
        cases=sum(same.values()),
        first_spec=first.spec,
        case=simplest,
        diagnoses=found,
    )


def as_found(name: str, first: CaseReport, known: Mapping[Spec, str]) -> Failure:
    """The failure of which `first` was the first case, without asking the subject anything more."""
    return Failure(
        verdict=first.verdict,
        model=name,
        parameter=first.parameter,
        message=first.message,
        spec=first.spec,
        cases=sum(verdict == first.verdict for verdict in known.values()),
        first_spec=first.spec,
        case=first.case,
    )


def _diagnoses(subject: Differentiator, failing: Sequence[Spec]) -> Iterator[str]:
    """Sentences that explain all of the longest failing cases."""
    longest = sorted(failing, key=lambda spec: -spec.sizes.T)[:TELLING]
    if not longest:
        return
    cases = [spec.build() for spec in longest]
    for explanation in (signature, which_convention, which_truncation, clipped_in_loop):
        sentence = explanation(subject, cases)
        if sentence:
            yield sentence
            return
