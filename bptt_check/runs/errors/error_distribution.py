"""Counts how errors spread over the cases of a run, as they come; keeps no case."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from ...cases.any_case import AnyCase
from ...cases.recurrences.recurrence import RecurrenceCase
from ...verdicts.case_report import CaseReport
from ...verdicts.row import Row
from ...verdicts.verdict import Verdict, decisive
from ..measurements import ErrorByLength, ErrorHistogram

BINS_PER_DECADE = 2
FIRST_BIN, LAST_BIN = -324 * BINS_PER_DECADE, 308 * BINS_PER_DECADE
"""Bins of the smallest and of the largest float64."""


def bin_of(size: float) -> int:
    """The bin of a positive error; the last one if it is infinite."""
    return math.floor(BINS_PER_DECADE * math.log10(size)) if size < math.inf else LAST_BIN


def steps_back(case: AnyCase) -> int:
    """Over how many steps the losses of a case flow back at most."""
    if isinstance(case, RecurrenceCase):
        return case.steps
    T = len(case.x)
    return T if case.truncation is None else min(T, case.truncation.k2)


class ErrorHistograms:
    """A histogram per model, gradient, oracle and dtype; the order of cases does not matter."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str, str], _Count] = {}

    def add(self, model: str, report: CaseReport) -> None:
        """Take in one case of the target named `model`."""
        for row in report.rows:
            key = (model, row.parameter, row.oracle, report.case.dtype)
            self._counts.setdefault(key, _Count()).add(row, steps_back(report.case))

    def records(self) -> tuple[ErrorHistogram, ...]:
        """What was counted."""
        return tuple(count.record(*key) for key, count in self._counts.items())


@dataclass
class _Count:
    """The numbers of one histogram while they are counted."""

    cases: int = 0
    decided: int = 0
    verdict: Verdict = Verdict.UNSUPPORTED
    exact: int = 0
    max_budgets: float = math.nan
    max_ulps: float = math.nan
    budgets: Counter[int] = field(default_factory=Counter[int])
    ulps: Counter[int] = field(default_factory=Counter[int])
    by_length: dict[int, tuple[int, float]] = field(default_factory=dict[int, tuple[int, float]])

    def add(self, row: Row, steps: int) -> None:
        self.cases += 1
        self.decided += row.decided > 0
        self.verdict = decisive((self.verdict, row.verdict))
        if math.isnan(row.max_budgets):
            return
        self.exact += row.max_abs == 0
        # in this order the NaN of the beginning loses
        self.max_budgets = max(row.max_budgets, self.max_budgets)
        self.max_ulps = max(row.max_ulps, self.max_ulps)
        if row.max_budgets > 0:
            self.budgets[bin_of(row.max_budgets)] += 1
        if row.max_ulps > 0:
            self.ulps[bin_of(row.max_ulps)] += 1
        count, worst = self.by_length.get(steps, (0, 0.0))
        self.by_length[steps] = (count + 1, max(worst, row.max_budgets))

    def record(self, model: str, parameter: str, oracle: str, dtype: str) -> ErrorHistogram:
        """The numbers as a record."""
        return ErrorHistogram(
            model=model,
            parameter=parameter,
            oracle=oracle,
            dtype=dtype,
            cases=self.cases,
            decided=self.decided,
            verdict=self.verdict,
            max_budgets=self.max_budgets,
            max_ulps=self.max_ulps,
            exact=self.exact,
            budgets=tuple(sorted(self.budgets.items())),
            ulps=tuple(sorted(self.ulps.items())),
            by_length=tuple(
                ErrorByLength(steps, cases, float(f"{worst:.3g}"))
                for steps, (cases, worst) in sorted(self.by_length.items())
            ),
        )
