"""Case reports become summaries, as they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from ..cases.any_case import AnySpec
from ..cases.contract import Outcome
from ..conventions.own_layout import OwnLayout
from ..verdicts.case_kind import CaseEnd, CaseKind
from ..verdicts.case_report import CaseReport
from ..verdicts.row import Row
from ..verdicts.verdict import Reason, Verdict, decisive
from .alike import AlikeEndings
from .coverage.coverage_count import CoverageCount
from .effort.progress import Progress
from .errors.error_distribution import ErrorHistograms
from .errors.row_table import RowTable
from .errors.worst_cases import WorstCases
from .measurements import WorstEntry
from .records import TABLE, KindCount, Summary


class Tally:
    """Sums up case reports as they come; the order does not matter."""

    def __init__(self) -> None:
        self.count = 0
        self.verdicts: dict[Verdict, int] = {}
        self.table = RowTable()
        self.first: dict[str, dict[CaseEnd, CaseReport]] = {}
        self.ends: dict[str, dict[AnySpec, CaseEnd]] = {}
        self._counts: dict[str, Counter[CaseEnd]] = {}
        self.error_histograms = ErrorHistograms()
        self.coverage = CoverageCount()
        self.worst_cases = WorstCases()
        self.worst_entries: list[WorstEntry] = []
        self.alike = AlikeEndings()
        self.not_called: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._rows: dict[tuple[str, str, str], Summary] = {}

    @property
    def failing(self) -> int:
        """Number of cases with a failing verdict."""
        return sum(self.verdicts.get(v, 0) for v in Verdict if v.failing)

    def add(self, model: str, report: CaseReport) -> None:
        """Take in one case of the target named `model`."""
        spec = report.spec
        self.count += 1
        self.alike.add(model, report)
        self.error_histograms.add(model, report)
        self.worst_cases.add(report)
        self.verdicts[report.verdict] = self.verdicts.get(report.verdict, 0) + 1
        if report.outcome is Outcome.NOT_CALLED:
            self.not_called[model] = self.not_called.get(model, 0) + 1
        elif report.case.spec is not None:
            self.ends.setdefault(model, {})[report.case.spec] = report.end
        self._counts.setdefault(model, Counter())[report.end] += 1
        if report.verdict == Verdict.UNSUPPORTED:
            self._reasons[model] = report.message
        if report.verdict.failing:
            self.first.setdefault(model, {}).setdefault(report.end, report)
        for row in report.rows:
            key = (model, row.parameter, row.oracle)
            self._rows[key] = _merged(self._rows.get(key), model, row, spec)
            self.table.append(tuple(_cell(name, model, spec, row) for name in TABLE))

    def revise(self, model: str, report: CaseReport) -> None:
        """Take in another verdict of a case that was counted already, which fails now."""
        spec = report.case.spec
        if spec is None or self.ends[model][spec].verdict.failing:
            return
        self.verdicts[self.ends[model][spec].verdict] -= 1
        self.verdicts[report.verdict] = self.verdicts.get(report.verdict, 0) + 1
        self._counts[model][self.ends[model][spec]] -= 1
        self._counts[model][report.end] += 1
        self.ends[model][spec] = report.end
        self.first.setdefault(model, {}).setdefault(report.end, report)

    @property
    def known(self) -> dict[str, dict[AnySpec, Verdict]]:
        """The verdict of every spec of every model that was checked."""
        return {m: {spec: end.verdict for spec, end in e.items()} for m, e in self.ends.items()}

    def told(self, model: str) -> dict[Verdict, CaseReport]:
        """The first failure of each verdict, in the way in which most cases of it failed.

        What was not called any more is told with what came before.
        """
        told: dict[Verdict, CaseReport] = {}
        counts = self._counts.get(model, Counter[CaseEnd]())
        called = {e: r for e, r in self.first.get(model, {}).items() if e.kind in _CALLED}
        for end, report in sorted(called.items(), key=lambda item: -counts[item[0]]):
            told.setdefault(end.verdict, report)
        return told

    def kinds(self) -> tuple[KindCount, ...]:
        """How many cases of each model ended in which way."""
        added: dict[tuple[str, CaseKind], int] = {}
        for model, counts in self._counts.items():
            for end, count in counts.items():
                added[model, end.kind] = added.get((model, end.kind), 0) + count
        return tuple(KindCount(*key, count) for key, count in added.items() if count)

    def progress(self, total: int, model: str) -> Progress:
        """Where a run of `total` cases stands, `model` being at work."""
        return Progress(self.count, total, model, self.failing)

    def close(self, model: str, own: OwnLayout | None = None) -> None:
        """No case of this target comes any more: keep its worst entries, let go of its arrays.

        `own` is how the subject lays out its arrays, if not as the contract does.
        """
        self.worst_entries += self.worst_cases.worst_entries(model, own)
        self.worst_cases = WorstCases()

    def refused(self) -> dict[str, str]:
        """Targets of which the subject declined every case, and the reason it gave."""
        return {
            name: self._reasons[name]
            for name, known in self.known.items()
            if set(known.values()) == {Verdict.UNSUPPORTED}
        }

    def summaries(self) -> tuple[Summary, ...]:
        """A summary per model, gradient and oracle."""
        return tuple(self._rows.values())


_CALLED = frozenset(CaseKind) - {CaseKind.NOT_CALLED}


def _cell(name: str, model: str, spec: str, row: Row) -> Any:
    return {"model": model, "spec": spec}[name] if name in ("model", "spec") else getattr(row, name)


def _merged(before: Summary | None, model: str, row: Row, spec: str) -> Summary:
    """A summary with one more row in it."""
    index = row.index
    one = Summary(
        model, row.parameter, row.oracle, 1, row.verdict, row.reason, int(row.decided > 0),
        row.max_abs, row.max_rel, row.max_ulps, row.max_budgets, spec, index,
        row.floor, row.floor_any, row.proven, row.reason_kind,
        directional=int(row.directions > 0), worst_directions=row.directions,
        subgradients=row.subgradients, missing=int(row.reason_kind is Reason.NOT_OFFERED),
        undefined=int(row.reason_kind is Reason.UNDEFINED),
    )  # fmt: skip
    if before is None:
        return one
    told = _more_decisive(before, one)
    larger = not before.max_budgets >= one.max_budgets  # also where before is NaN
    worse = one if larger and one.max_budgets == one.max_budgets else before
    return replace(
        worse,
        cases=before.cases + 1,
        decided=before.decided + one.decided,
        verdict=told.verdict,
        reason=told.reason,
        reason_kind=told.reason_kind,
        max_abs=_largest(before.max_abs, one.max_abs),
        max_rel=_largest(before.max_rel, one.max_rel),
        max_ulps=_largest(before.max_ulps, one.max_ulps),
        floor=-_largest(-before.floor, -one.floor),
        floor_any=-_largest(-before.floor_any, -one.floor_any),
        proven=before.proven or one.proven,
        subgradients=before.subgradients + one.subgradients,
        directional=before.directional + one.directional,
        missing=before.missing + one.missing,
        undefined=before.undefined + one.undefined,
    )


def _more_decisive(one: Summary, other: Summary) -> Summary:
    """Failures win, then a pass, then whatever says why nothing was decided. What holds of one pass
    alone (exactly zero, at a kink) is not said of all, nor is that a gradient was not offered.
    """
    if one.verdict is other.verdict is Verdict.PASS and one.reason_kind is not other.reason_kind:
        return replace(one, reason="", reason_kind=Reason.NONE)
    if one.verdict is other.verdict and one.reason_kind is Reason.NOT_OFFERED:
        return other
    return one if one.verdict is decisive((one.verdict, other.verdict)) else other


def _largest(one: float, other: float) -> float:
    """The maximum that ignores NaN."""
    return other if one != one else one if other != other else max(one, other)
