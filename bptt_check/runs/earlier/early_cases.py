"""The first cases of a run, which are asked again at its end: what came in between may have left
something behind.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...cases.result import Differentiator
from ...verdicts.case_report import CaseReport
from ..check import Setup, check_again

KEPT = 3
"""Cases of a target that are asked again."""


class EarlyCases:
    """Keeps the first cases that passed: of every target until its end, of the first one to the end
    of the run.
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[int, CaseReport]]] = {}
        self.asked = 0
        """How often a case was asked again."""

    @property
    def first_target(self) -> str:
        """The name of the first target that has any; "" if none has."""
        return next(iter(self._kept), "")

    def add(self, target: str, report: CaseReport, number: int) -> None:
        """Take in case number `number` of the run."""
        kept = self._kept.setdefault(target, []) if report.passed else []
        if report.passed and len(kept) < KEPT:
            kept.append((number, report))

    def ask_again(
        self, subject: Differentiator, target: str, setup: Setup, count: int
    ) -> Iterator[CaseReport]:
        """The reports of those that are wrong now, `count` cases having been asked."""
        for number, report in self._kept.get(target, []):
            self.asked += 1
            again = check_again(subject, report, setup, count - number)
            if again.verdict.failing:
                yield again

    def drop(self, target: str) -> None:
        """Let go of the arrays of a target, unless it is the first one."""
        if target != self.first_target:
            self._kept.pop(target, None)
