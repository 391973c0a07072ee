"""The cases of one target: drawn by its design, checked in chunks, drawn again where declined."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from ..cases.any_case import AnyCase, AnySpec
from ..cases.any_target import AnyDesign, AnyTarget, contains, other_specs, spec_of
from ..cases.design.alternatives import Change
from ..cases.design.design import EVERYTHING, Design
from ..cases.design.selection import specs_covering_most
from ..cases.design.within import Within
from ..cases.follow_up import calls_in_turn, every_call
from ..cases.recurrences.design import RecurrenceDesign
from ..cases.recurrences.recurrence import RecurrenceTarget
from ..cases.result import Differentiator, name_of
from ..cases.targets import Target
from ..cases.timing.stage_clock import Stage, timed
from ..subjects.remote import Calls
from ..verdicts.case_report import CaseReport
from ..verdicts.verdict import Verdict
from .check import Setup, check_case, check_cases
from .earlier.failed_before import remember, remembered
from .effort.quick import Quick

FIRST, CHUNK = 8, 32
"""Cases that are asked about together: at first, and later."""
FAILED_ENOUGH = 4
"""Failing cases of a target after which the quickest oracle will do: what remains to be known is
when it fails.
"""


@dataclass(frozen=True)
class Plan:
    """What to check: targets, cases per target, dtypes, the seed, what cases are limited to, and
    what is left out if it is to be quick. Of a recurrence `lines` may say which specs alone.
    """

    targets: tuple[AnyTarget, ...]
    cases: int = 100
    dtypes: tuple[str, ...] = ("float64",)
    seed: int = 0
    within: Within = EVERYTHING
    quick: Quick | None = None
    lines: tuple[str, ...] = ()

    def design(self, target: AnyTarget) -> AnyDesign:
        """The cases of a target."""
        if isinstance(target, RecurrenceTarget):
            return RecurrenceDesign(target, self.dtypes, self.seed, self.lines)
        return self.model_design(target)

    def model_design(self, target: Target) -> Design:
        """The cases of a target of a model."""
        return Design(target, self.dtypes, self.seed, self.within)

    def specs(self, target: AnyTarget) -> Iterator[AnySpec]:
        """The specs of a target: the first of its design, or in a quick run those that cover most
        for their price.
        """
        design = self.design(target)
        if self.quick is None or isinstance(design, RecurrenceDesign):
            return design.specs(self.cases)
        return specs_covering_most(design, self.cases)


def check_target(
    subject: Differentiator, target: AnyTarget, plan: Plan, setup: Setup
) -> Iterator[tuple[AnySpec, CaseReport]]:
    """The specs of a target and their reports, failures of earlier runs first.

    Instead of a case that the subject declines, similar ones are tried until it takes one; the
    report is of that.
    """
    memory = memory_of(subject, target, plan)
    design = plan.design(target)
    with timed(Stage.DRAWING):
        kept = dict.fromkeys(remembered(memory, partial(spec_of, target)))
        before = [s for s in kept if contains(design, s)]
        drawn = list(dict.fromkeys([*before, *plan.specs(target)]))[: plan.cases]
    taken, failed = False, 0
    changes: dict[tuple[Change, ...], None] = {}
    for start, end in itertools.pairwise((0, *range(FIRST, len(drawn), CHUNK), len(drawn))):
        chunk = drawn[start:end]
        with timed(Stage.DRAWING):
            cases = [spec.build() for spec in chunk]
        setup = replace(setup, one_oracle=setup.one_oracle or failed >= FAILED_ENOUGH)
        reports = check_cases(subject, cases, setup, partial(_calls, start - len(before)))
        for number, (spec, report) in enumerate(zip(chunk, reports, strict=True), start):
            if report.verdict == Verdict.UNSUPPORTED and (taken or number < PATIENCE):
                report = _instead(subject, design, spec, setup, number, changes) or report
            taken = taken or report.verdict != Verdict.UNSUPPORTED
            failed += report.verdict.failing
            if not report.verdict.failing and report.case.spec is not None:
                remember(memory, report.case.spec, failing=False)
            yield spec, report


def _calls(start: int, place: int, case: AnyCase) -> Calls:
    """What is asked about a case of the chunk that begins with number `start` of a design.

    Before a design come cases that have failed earlier, perhaps in a further call: they are asked
    everything.
    """
    number = start + place
    return every_call(case) if number < 0 else calls_in_turn(number, case)


PATIENCE = 3
"""Cases instead of which others are looked for, where a subject has taken none so far."""
ALTERNATIVES = 300
"""Specs that are offered to a subject instead of one that it declined."""


def _instead(
    subject: Differentiator,
    design: AnyDesign,
    declined: AnySpec,
    setup: Setup,
    number: int,
    before: dict[tuple[Change, ...], None],
) -> CaseReport | None:
    """The report of the most similar case that a subject takes; None if it takes none of many.

    Args:
        before: changes after which the subject took others, the last one last; is added to.
    """
    first = list(reversed(before))
    for changes, spec in itertools.islice(other_specs(design, declined, first), ALTERNATIVES):
        case = spec.build()
        report = check_case(subject, case, setup, calls_in_turn(number, case))
        if report.verdict != Verdict.UNSUPPORTED:
            before.pop(changes, None)
            before[changes] = None
            return report
    return None


def memory_of(subject: Differentiator, target: AnyTarget, plan: Plan) -> str:
    """The name under which failing specs are kept for later runs of the same kind."""
    return f"{name_of(subject)} {target.name} {' '.join(sorted(plan.dtypes))}"
