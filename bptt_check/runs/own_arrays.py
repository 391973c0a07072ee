"""What was found in the arrays of a subject's own: which of them are wrong, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..cases.any_case import AnyCase
from ..cases.any_target import AnyTarget
from ..cases.case import Case, Spec
from ..cases.own_names import OwnNames
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import Differentiator
from ..cases.targets import Target
from ..conventions.own_layout import OwnLayout, own_layout
from ..conventions.own_names import own_names
from ..diagnosis.finding import Finding
from ..verdicts.case_report import CaseReport, Evidence
from ..verdicts.oracle_disagreement import Disagreement
from ..verdicts.row import Row, Share
from ..verdicts.verdict import Verdict
from .errors.worst_cases import errors_by
from .measurements import OwnArrays
from .records import Run, Summary


def in_own_arrays(subject: Differentiator, report: CaseReport) -> CaseReport:
    """A report with the names of the subject's convention, and its shares of what is wrong."""
    if isinstance(report.case, RecurrenceCase):
        return report
    entries = [(r.parameter, r.index) for r in report.rows if r.index and not r.directions]
    if isinstance(report.cause, Disagreement):
        entries.append((report.cause.parameter, report.cause.index))
    own, found = own_names(subject, report.case, entries), layout_of(subject, report.case)
    if found is None or report.evidence is None:
        return replace(report, own=own)
    rows = tuple(with_shares(row, found, report.case, report.evidence) for row in report.rows)
    return replace(report, own=own, rows=rows)


def layout_of(subject: Differentiator, case: AnyCase) -> OwnLayout | None:
    """How a subject's convention lays out a case, if not as the contract does."""
    return None if isinstance(case, RecurrenceCase) else own_layout(subject, case.model)


def in_own_names(finding: Finding, own: OwnNames) -> Finding:
    """A finding in somebody's own names; the lines of the derivation keep those of the reference,
    where they are to be found.
    """
    return replace(
        finding,
        sentence=own.told(finding.sentence),
        condition=own.told(finding.condition),
        alternatives=tuple(map(own.told, finding.alternatives)),
    )


def with_own_arrays(subject: Differentiator, targets: Sequence[AnyTarget], run: Run) -> Run:
    """A run with the names of the subject's convention, and where its worst entries are there."""
    models = [t for t in targets if isinstance(t, Target)]
    layouts = {t.name: found for t in models if (found := own_layout(subject, t.model))}
    rows = tuple(
        _with_place(row, layouts[row.model]) if row.model in layouts else row for row in run.rows
    )
    own = tuple(OwnArrays(model, found.names()) for model, found in layouts.items())
    return replace(run, rows=rows, own_arrays=own)


def _with_place(row: Summary, found: OwnLayout) -> Summary:
    """A summary with the place of its worst entry, if it has one."""
    if not row.worst_index or not row.worst_spec:
        return row
    sizes = Spec.parse(row.worst_spec).sizes
    places = found.places(sizes, row.parameter, row.worst_index)
    return replace(row, worst_place=", ".join(places))


def with_shares(row: Row, found: OwnLayout, case: Case, evidence: Evidence) -> Row:
    """A row of a gradient that is wrong, with its shares if it is spread over several arrays."""
    if row.verdict not in (Verdict.FAIL, Verdict.IMPRECISE) or row.directions:
        return row
    name = row.parameter
    if name not in case.params or row.oracle not in evidence.budgets:
        return row
    parts = found.parts(case.sizes, name)
    sources = [part.source[part.source >= 0] for part in parts]
    if len(parts) < 2 or sum(map(len, sources)) != case.params[name].size:
        return row  # an entry that is in two arrays is the share of neither
    wrong = errors_by(name, row.oracle, evidence).ravel() > 1.0
    shares = [
        Share(part.key, int(wrong[source].sum()), len(source))
        for part, source in zip(parts, sources, strict=True)
    ]
    return replace(row, shares=tuple(shares))
