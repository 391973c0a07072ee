"""The systematic errors of a run: of each model, then of the models of a family together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ...cases.any_target import spec_of
from ...cases.case import Case
from ...cases.message import in_names
from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceTarget
from ...cases.result import Differentiator
from ...cases.written.reproduction import (
    Origin,
    reproduction_of_recurrences,
    reproduction_of_run,
)
from ...conventions.own_names import own_names
from ...subjects.origin import origin_of
from ...verdicts.case_kind import CaseKind
from ...verdicts.verdict import Reason, Verdict
from ..measurements import ErrorHistogram
from ..records import FailureWithCase, Summary
from ..recurrences.pasted import pasted_recurrence_run
from ..target_cases import Plan
from . import sentences
from .confirmation import CHANCE, LOOKS, confirmed_errors
from .fresh import MOST_CASES
from .model_group import ModelGroup
from .pasted import pasted_test_of_run
from .records import SystematicError, SystematicFloor
from .screening import SUSPICIOUS, Screening
from .slope import RegressorKind
from .sums import Sums, needed_strength


def findings_of(
    subject: Differentiator,
    group: ModelGroup,
    screening: Screening,
    plan: Plan,
    timeout: float | None,
) -> list[SystematicError]:
    """What a group has, the strongest first."""
    found = (
        one
        for dtype, parts in screening.suspects(group).items()
        for one in confirmed_errors(subject, group, dtype, parts, plan, timeout)
    )
    return sorted(found, key=lambda one: -one.strength)


def failures_of(
    found: Sequence[SystematicError], group: ModelGroup, plan: Plan, subject: Differentiator
) -> Iterator[FailureWithCase]:
    """A failure for each dtype and verdict, on the case that shows it most clearly.

    Several models that were put together have the failure under the name of the first of them.
    """
    origin = origin_of(subject) if found else Origin()
    if isinstance(target := group.targets[0], RecurrenceTarget):
        origin = replace(origin, kernel=target.model.options)
    again = _again(origin, group, plan)
    ordered = sorted(found, key=lambda one: (one.dtype, one.verdict.rank, -one.strength))
    for _, together in itertools.groupby(ordered, key=lambda one: (one.dtype, one.verdict)):
        alike = list(together)
        case = spec_of(group.targets[0], alike[0].spec).build()
        message = sentences.systematic_message(alike, group.names, again)
        if isinstance(case, Case):
            message = in_names(message, own_names(subject, case, ()))
        yield FailureWithCase(
            verdict=alike[0].verdict,
            model=group.targets[0].name,
            parameter=alike[0].parameter,
            message=str(message),
            reproduction=again,
            spec=alike[0].spec,
            cases=alike[0].cases,
            first_spec=alike[0].spec,
            case=case,
            kind=CaseKind.SYSTEMATIC,
            test_code=_pasted(origin, group, plan),
            shared=tuple(alike),
        )


def _pasted(origin: Origin, group: ModelGroup, plan: Plan) -> str:
    if origin.kernel is not None:
        return pasted_recurrence_run(plan.cases, plan.dtypes, plan.seed, origin.kernel)
    return pasted_test_of_run(origin, group.names, plan)


def _again(origin: Origin, group: ModelGroup, plan: Plan) -> str:
    """What to type for all cases of a run."""
    if origin.kernel is not None:
        return reproduction_of_recurrences(origin, plan.cases, plan.dtypes, plan.seed)
    return reproduction_of_run(
        origin, group.names, plan.cases, plan.dtypes, plan.seed, str(plan.within)
    )


def with_findings(
    rows: Iterable[Summary], found: Iterable[tuple[ModelGroup, SystematicError]]
) -> tuple[Summary, ...]:
    """The summaries of a run, in which those of a gradient that is systematically off say so."""
    summaries = tuple(rows)
    for group, one in found:
        summaries = tuple(_with_finding(row, group, one) for row in summaries)
    return summaries


def _with_finding(row: Summary, group: ModelGroup, found: SystematicError) -> Summary:
    if not _is_about(group, found, row) or row.verdict is not Verdict.PASS:
        return row
    reason = sentences.row_reason(found)
    return replace(row, verdict=found.verdict, reason=reason, reason_kind=Reason.SYSTEMATIC)


def with_shared_errors(
    histograms: Iterable[ErrorHistogram], found: Iterable[tuple[ModelGroup, SystematicError]]
) -> tuple[ErrorHistogram, ...]:
    """The same of the errors of each dtype: only in that of a finding they have its verdict."""
    marked = tuple(histograms)
    for group, one in found:
        marked = tuple(
            replace(h, verdict=one.verdict)
            if h.dtype == one.dtype and _is_about(group, one, h) and h.verdict is Verdict.PASS
            else h
            for h in marked
        )
    return marked


def _is_about(group: ModelGroup, found: SystematicError, record: Summary | ErrorHistogram) -> bool:
    return record.model in group.names and record.parameter == found.parameter


def floors_of(group: ModelGroup, screening: Screening) -> Iterator[SystematicFloor]:
    """The smallest systematic error of each gradient of a group that would have been found, where
    the cases are enough to find any.
    """
    for (dtype, part), sums in screening.of(group).items():
        if part.kind is not RegressorKind.WHOLE:
            continue
        floor, unit = smallest_found(sums), PRECISIONS[dtype].unit
        if floor < math.inf:
            yield SystematicFloor(
                model=group.name,
                parameter=part.parameter,
                dtype=dtype,
                cases=sums.cases,
                estimate=_shortened(sums.estimate * unit),
                uncertainty=_shortened(sums.uncertainty * unit),
                floor=_shortened(floor * unit),
                models=len(group.targets),
            )


def _shortened(value: float) -> float:
    """With the digits that say something: a record has one for every gradient."""
    return float(f"{value:.4g}")


FRESH_THAT_COUNT = MOST_CASES // 2
"""Fresh cases that count fully, at least: some say nothing of a gradient, and some little."""
TYPICAL_SUSPECTS = 8
"""Parts that stand out together where a gradient is wrong."""


def smallest_found(sums: Sums) -> float:
    """The smallest slope that would have stood out, and would have been confirmed, in units."""
    needed = needed_strength(CHANCE, TYPICAL_SUSPECTS * LOOKS)
    rest = 1.0 - needed * needed / FRESH_THAT_COUNT
    of_fresh = needed * sums.uncertainty * math.sqrt(sums.counting / FRESH_THAT_COUNT / rest)
    return max(sums.smallest_seen(SUSPICIOUS), sums.band + of_fresh)
